import { describe, expect, it } from 'vitest'
import { REAL_URL, showDashboard } from './test-page.ts'

const { open, staged } = showDashboard()

describe.skipIf(REAL_URL !== undefined)('staged', () => {
  it('text from the outside stays text', async () => {
    const hostile = '<img src=x onerror="document.title=1">'
    const own = await staged({ names: [hostile, '"><script>document.title=2</script>'] })
    const { page, faults } = await open(own.url)
    await page.getByRole('heading', { name: hostile }).waitFor()
    await page
      .getByRole('button', { name: /^Why .* replicas for/ })
      .first()
      .click()
    await page.getByRole('dialog').getByText('What bound it').waitFor()
    expect(await page.locator('img, #app script').count()).toBe(0)
    expect(await page.title()).toBe('Forescale')
    expect(faults).toEqual([])
  })

  it('says what a learned policy made of what it saw', async () => {
    const own = await staged({})
    const { page, faults } = await open(own.url)
    const card = page.locator('.service').first()
    const name = await card.getAttribute('data-service')
    await page.request.put(`${own.url}/v1/services/${name}/policy`, { data: { policy: 'learned' } })
    await card.getByRole('button', { name: /^Why .* replicas for/ }).click()
    const panel = page.getByRole('dialog')
    await panel.getByText('What the learned policy made of what it saw').waitFor()
    await panel
      .getByRole('row', { name: /how unsure the forecast is upwards ×1.15, \+1.5/ })
      .waitFor()
    await panel.getByText('7 replicas in place of the 6 without it').waitFor()
    expect(faults).toEqual([])
  })

  it('draws the reward curves of a training as its rounds come, and ends it', async () => {
    const own = await staged({})
    const { page, faults } = await open(own.url)
    const panel = page.getByRole('region', { name: 'Trainings' })
    await panel.getByText('2 shipped', { exact: true }).waitFor()
    await panel.locator('.plot canvas').first().waitFor()
    const reward = panel.getByRole('img', { name: /^Reward while learning.*seed-1 .*, seed-2 / })
    const shown = await reward.getAttribute('aria-label')
    // the next round moves the newest figure
    await expect.poll(() => reward.getAttribute('aria-label')).not.toBe(shown)
    await panel.getByRole('button', { name: 'Cancel training 2' }).click()
    await panel.getByText('○ cancelled').waitFor()
    await panel.getByRole('button', { name: 'Resume training 2' }).click()
    await panel.getByText('◔ trains').waitFor()
    expect(faults).toEqual([])
  })

  it('comes back by itself when the stream is lost', async () => {
    const own = await staged({})
    const { page } = await open(own.url)
    await page.getByText('● live').waitFor()
    own.dropStreams()
    await page.locator('.connection:not([data-kind="live"])').waitFor()
    await page.getByText('● live').waitFor()
  })

  it('acknowledges an alert, and it stays seen', async () => {
    const own = await staged({})
    const { page } = await open(own.url)
    const rows = page.locator('.alerts-list li')
    await expect
      .poll(() => rows.evaluateAll((all) => all.map((row) => (row as HTMLElement).dataset.alert)))
      .toEqual(['spike', 'drift', 'silence'])
    await rows
      .first()
      .getByRole('button', { name: /^Acknowledge/ })
      .click()
    await rows.first().getByText('✓ seen').waitFor()
    expect(await rows.first().getByRole('button').count()).toBe(0)
    await page.reload()
    await rows.first().getByText('✓ seen').waitFor()
  })

  it('says from when the budget will not carry what comes, and draws it', async () => {
    const own = await staged({})
    const { page } = await open(own.url)
    const outlook = page.locator('.outlook')
    await outlook.getByText(/will not carry .* from .* on \(P = 0\.60, 0\.97 by/).waitFor()
    const painted = () =>
      outlook.locator('canvas').evaluateAll((all: HTMLCanvasElement[]) =>
        all.map((canvas) => {
          const { data } = canvas.getContext('2d')!.getImageData(0, 0, canvas.width, canvas.height)
          return data.some((value, i) => i % 4 === 3 && value > 0)
        }),
      )
    await expect.poll(painted).toEqual([true, true])
  })

  it('has no spike button where there is no demo', async () => {
    const own = await staged({ demo: false })
    const { page } = await open(own.url)
    await page.locator('.service').first().waitFor()
    expect(await page.getByRole('button', { name: /^Spike/ }).count()).toBe(0)
    expect(await page.getByText('synthetic workload').isVisible()).toBe(false)
  })
})
