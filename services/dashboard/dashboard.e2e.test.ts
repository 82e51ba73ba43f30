/**
 * The built page in a real Chromium. Runs over synthetic data (dev/), or over a controller that is named by
 * FORESCALE_E2E_URL: whatever is checked here must hold on both. What only the synthetic fleet can stage: staged.e2e.test.ts.
 */
import axe from 'axe-core'
import type { Page } from 'playwright-core'
import { describe, expect, it } from 'vitest'
import { LOOKS, REAL_URL, showDashboard } from './test-page.ts'

const shown = showDashboard()
const { open } = shown

/** Share of pixels that are painted, of the emptiest chart in the first card and the fleet. */
function leastPainted(page: Page): Promise<number> {
  return page.evaluate(() => {
    const seen = document.querySelectorAll<HTMLCanvasElement>(
      '.fleet canvas, .service:first-child canvas',
    )
    const shares = [...seen].map((canvas) => {
      const { data } = canvas.getContext('2d')!.getImageData(0, 0, canvas.width, canvas.height)
      let painted = 0
      for (let i = 3; i < data.length; i += 4) if (data[i]! > 0) painted++
      return painted / (data.length / 4)
    })
    return shares.length === 0 ? 0 : Math.min(...shares)
  })
}

async function seriousViolations(page: Page): Promise<string[]> {
  await page.evaluate(axe.source)
  const { violations } = await page.evaluate(() =>
    (globalThis as unknown as { axe: typeof axe }).axe.run(document, {
      resultTypes: ['violations'],
    }),
  )
  return violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.html.slice(0, 120)).join(' | ')}`)
}

describe.each(LOOKS)('at $width px, $colorScheme', (look) => {
  it('draws all charts, fits the screen, is accessible and quiet', async () => {
    const { page, faults } = await open(shown.url, look)
    await page.locator('.log .entry').first().waitFor({ state: 'attached' })
    await expect.poll(() => leastPainted(page)).toBeGreaterThan(0.01)
    const widths = await page.evaluate(() => [document.documentElement.scrollWidth, innerWidth])
    expect(widths[0]).toBe(widths[1])
    expect(await page.evaluate(() => document.documentElement.dataset.theme)).toBe(look.colorScheme)
    expect(await seriousViolations(page)).toEqual([])
    expect(faults).toEqual([])
  })

  it('opens "why this number" accessibly', async () => {
    const { page, faults } = await open(shown.url, look)
    await page
      .getByRole('button', { name: /^Why .* replicas for/ })
      .first()
      .click()
    const panel = page.getByRole('dialog')
    await panel.getByText('What bound it').waitFor()
    await panel.getByRole('row', { name: /the middle of the forecast/ }).waitFor()
    await panel.locator('svg.loss-curve .mark.chosen').waitFor()
    await panel.getByRole('button', { name: 'Replay this decision' }).click()
    await panel.getByText('Bit-exact').waitFor()
    expect(await seriousViolations(page)).toEqual([])
    await page.keyboard.press('Escape')
    await panel.waitFor({ state: 'hidden' })
    expect(faults).toEqual([])
  })
})

describe('the page', () => {
  it('is live: ticks keep coming', async () => {
    const { page } = await open()
    await page.getByText('● live').waitFor()
    await page.getByText('★ leads').waitFor()
    const newest = () => page.locator('.clocks strong').textContent()
    const before = await newest()
    await expect.poll(newest, { timeout: 10_000 }).not.toBe(before)
  })

  it('starts a spike with the chosen factor and duration, shows it and stops it', async () => {
    const { page, faults } = await open()
    const card = page.locator('.service').first()
    const name = await card.getAttribute('data-service')
    await card.getByLabel(/^Spike factor/).selectOption('2')
    await card.getByLabel(/^Spike duration/).selectOption('60000')
    const [request] = await Promise.all([
      page.waitForRequest((r) => r.method() === 'POST' && r.url().endsWith('/v1/demo/spikes')),
      card.getByRole('button', { name: /^Spike the load/ }).click(),
    ])
    expect(request.postDataJSON()).toEqual({ service: name, factor: 2, durationMs: 60_000 })
    const running = card.locator('.spikes li')
    await running.getByText(/^×2 spike, \d+ s left$/).waitFor()
    await running.getByRole('button', { name: /^Stop/ }).click()
    await running.waitFor({ state: 'detached' })
    expect(faults).toEqual([])
  })

  it('pauses and resumes all writes', async () => {
    const { page } = await open()
    await page.getByRole('button', { name: 'Pause writes' }).click()
    const resume = page.getByRole('button', { name: 'Paused: resume' })
    await resume.waitFor()
    await resume.click()
    await page.getByRole('button', { name: 'Pause writes' }).waitFor()
  })

  it('changes the budget, and says so when it is below what must run', async () => {
    const { page } = await open()
    const input = page.getByRole('spinbutton', { name: 'Budget, $/h' })
    const before = await input.inputValue()
    await input.fill('0.05')
    await page.getByRole('button', { name: 'Set', exact: true }).click()
    await page.getByText(/Budget infeasible/).waitFor()
    await input.fill(before)
    await page.getByRole('button', { name: 'Set', exact: true }).click()
    await page.getByText(/Budget infeasible/).waitFor({ state: 'hidden' })
  })

  it('takes a forecast apart, step by step, and says what it hangs on', async () => {
    const { page, faults } = await open()
    const card = page.locator('.service').first()
    await card.locator('.parts summary').click()
    const rows = card.locator('.parts-table tbody tr')
    await rows.first().waitFor()
    const figures = () =>
      rows.evaluateAll((all) =>
        all.map((row) => Number.parseFloat(row.querySelector('td')!.textContent!)),
      )
    const sumUp = async () => {
      const shown = await figures()
      const total = shown.pop()!
      const sum = shown.reduce((all, value) => all + value, 0)
      // of rounded figures
      return Math.abs(sum - total) / (1 + Math.abs(total))
    }
    await expect.poll(sumUp).toBeLessThan(0.05)
    const ahead = card.locator('.parts output')
    const first = await ahead.textContent()
    await card.getByLabel(/^Step ahead of/).press('End')
    await expect.poll(() => ahead.textContent()).not.toBe(first)
    await expect.poll(sumUp).toBeLessThan(0.05)
    if (REAL_URL === undefined) {
      await card.locator('.parts-table').getByText('season of 2 minutes').waitFor()
      await card.locator('.parts-table').getByText('campaign').waitFor()
      await card
        .locator('.parts-covariates')
        .getByText(/newsletter is not used/)
        .waitFor()
      await card.getByRole('button', { name: /^What do they hang on/ }).click()
      await card
        .locator('.parts-inputs')
        .getByText(/season of a day ×4\.2/)
        .waitFor()
    }
    await page.setViewportSize({ width: 360, height: 740 })
    await expect.poll(() => page.evaluate(() => document.documentElement.scrollWidth)).toBe(360)
    expect(await seriousViolations(page)).toEqual([])
    expect(faults).toEqual([])
  })

  it('shows the versions of a model: one is promoted, and taken back again', async () => {
    const { page, faults } = await open()
    const card = page.locator('.service').first()
    await card.locator('.models summary').click()
    const rows = card.locator('.models-list li')
    await rows.first().waitFor()
    expect(await card.locator('.models-list li[data-status="champion"]').count()).toBe(1)
    expect(await seriousViolations(page)).toEqual([])
    const challenger = card.locator('.models-list li[data-status="challenger"]')
    if (REAL_URL === undefined) {
      const name = await challenger.locator('b').textContent()
      const [request] = await Promise.all([
        page.waitForRequest((r) => r.method() === 'POST' && r.url().endsWith('/promote')),
        challenger.getByRole('button', { name: /^Promote/ }).click(),
      ])
      expect(request.postDataJSON()).toEqual({ number: 2, why: 'on the dashboard' })
      const champion = card.locator('.models-list li[data-status="champion"]')
      await expect.poll(() => champion.locator('b').textContent()).toBe(name)
      await card.getByRole('button', { name: /^Roll back to version 1/ }).click()
      await champion.getByText('taken back').waitFor()
      await champion.getByText('back to version 1; on the dashboard').waitFor()
      await card.getByRole('button', { name: /^Retrain/ }).click()
      await challenger.waitFor()
    }
    expect(faults).toEqual([])
  })

  it.runIf(REAL_URL === undefined)(
    'names the size that would cost less, why, and the setting to copy',
    async () => {
      const { page, faults } = await open()
      const sizes = page.locator('.sizes')
      await sizes.getByText('large → small').waitFor()
      expect(await sizes.getByRole('listitem').count()).toBe(2)
      expect(await sizes.textContent()).toContain('nothing is changed by itself')
      await sizes.getByText('as a setting').click()
      expect(await sizes.locator('pre').textContent()).toContain('tier: small')
      expect(await seriousViolations(page)).toEqual([])
      expect(faults).toEqual([])
    },
  )

  it.runIf(REAL_URL === undefined)(
    'works out CPU and memory of a workload when asked to, with the patch to copy',
    async () => {
      const { page, faults } = await open()
      const requests = page.locator('.requests')
      await requests
        .getByRole('button', { name: /^Work out/ })
        .first()
        .click()
      await requests.getByText('saves $0.05/h', { exact: true }).waitFor()
      expect(await requests.locator('tbody tr').allTextContents()).toEqual([
        'webCPU500m121m183m246m',
        'webmemory512Mi298Mi330Mi377Mi',
      ])
      expect(await requests.textContent()).toContain('averageUtilization: 219')
      await requests.getByText('as a patch').click()
      expect(await requests.locator('pre').textContent()).toContain('cpu: 183m')
      await page.setViewportSize({ width: 360, height: 740 })
      await expect.poll(() => page.evaluate(() => document.documentElement.scrollWidth)).toBe(360)
      expect(await seriousViolations(page)).toEqual([])
      expect(faults).toEqual([])
    },
  )

  it('lets the decisions stay in view beside the services, and never over what is below them', async () => {
    const { page } = await open()
    const log = page.locator('.decisions')
    await page.locator('.accounts').scrollIntoViewIfNeeded()
    await page.evaluate(() => window.scrollTo(0, document.body.scrollHeight))
    const bottom = (box: { y: number; height: number } | null) => box!.y + box!.height
    const accountsTop = (await page.locator('.books').boundingBox())!.y
    expect(bottom(await log.boundingBox())).toBeLessThanOrEqual(accountsTop)
    await page.locator('.service').nth(1).scrollIntoViewIfNeeded()
    expect(bottom(await log.boundingBox())).toBeGreaterThan(0)
  })

  it('filters the decisions by service', async () => {
    const { page } = await open()
    const log = page.locator('.decisions')
    await log.getByLabel('changes only').uncheck()
    const second = await page.locator('.service').nth(1).getAttribute('data-service')
    await log.getByLabel('Decisions of').selectOption(second!)
    await expect
      .poll(async () => new Set(await log.locator('.entry b').allTextContents()))
      .toEqual(new Set([second]))
  })

  it('shows open alerts first, the gravest on top', async () => {
    const { page } = await open()
    const rows = page.locator('.alerts-list li')
    const states = () =>
      rows.evaluateAll((all) => all.map((row) => (row as HTMLElement).dataset.severity))
    await page.getByRole('heading', { name: 'Alerts' }).waitFor()
    const rank = ['critical', 'warning', 'info', 'over']
    const shown = (await states()).map((state) => rank.indexOf(state!))
    expect(shown).toEqual(shown.toSorted((a, b) => a - b))
  })

  it('reads the outlook as days, a week or thirty', async () => {
    const { page, faults } = await open()
    const outlook = page.locator('.outlook')
    await expect.poll(() => outlook.locator('.sentences li').count()).toBeGreaterThan(0)
    const [answer] = await Promise.all([
      page.waitForResponse((r) => r.url().endsWith('/v1/outlook?days=30')),
      outlook.getByLabel('Days ahead').selectOption('30'),
    ])
    const view = await answer.json()
    expect(view.days).toBe(30)
    if (view.fleet === null) return
    const chart = outlook.locator('.chart').first()
    await chart.getByRole('button', { name: 'Cost a day as a table' }).click()
    await expect.poll(() => chart.locator('tbody tr').count()).toBe(30)
    expect(faults).toEqual([])
  })

  it('reads a chart by keyboard and as a table', async () => {
    const { page } = await open()
    const chart = page.locator('.service .chart').first()
    await chart.locator('.plot').focus()
    await page.keyboard.press('Home')
    await chart.locator('.legend.at-cursor').waitFor()
    await chart.getByRole('button', { name: /as a table$/ }).click()
    await expect.poll(() => chart.locator('tbody tr').count()).toBeGreaterThan(5)
  })

  it('keeps the chosen colours and clock over a reload', async () => {
    const { page } = await open()
    await page.getByRole('button', { name: 'Switch to dark colours' }).click()
    await page.getByLabel('Times shown as').selectOption('utc')
    await page.reload()
    await page.locator('.service .plot canvas').first().waitFor()
    expect(await page.evaluate(() => document.documentElement.dataset.theme)).toBe('dark')
    expect(await page.getByLabel('Times shown as').inputValue()).toBe('utc')
  })
})
