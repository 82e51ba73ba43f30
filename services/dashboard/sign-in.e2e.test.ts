/** Signing in at the real door, in a real Chromium: wrong key, right key, what a viewer may not do, and out again. */
import { type Browser, chromium, type Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Listening, serve } from '../http/server.ts'
import { type LockedApp, lockedApp } from '../http/test-callers.ts'

const CHROMIUM = process.env.CHROMIUM_PATH ?? '/usr/bin/chromium'

let locked: LockedApp
let listening: Listening
let browser: Browser

beforeAll(async () => {
  locked = lockedApp()
  listening = await serve(locked.app, { ...locked.parts.state.config.http, port: 0 })
  browser = await chromium.launch({ executablePath: CHROMIUM, args: ['--no-sandbox'] })
})
afterAll(async () => {
  await browser?.close()
  await listening?.close()
})

async function opened(): Promise<Page> {
  const page = await (await browser.newContext()).newPage()
  page.setDefaultTimeout(20_000)
  await page.goto(listening.url)
  await page.getByRole('form', { name: 'Sign in' }).waitFor()
  return page
}

async function enter(page: Page, key: string): Promise<void> {
  await page.getByLabel('API key or token').fill(key)
  await page.getByRole('button', { name: 'Sign in' }).click()
}

describe('the page of a controller that asks who one is', () => {
  it('shows nothing but the form until then, and says why a key is not accepted', async () => {
    const page = await opened()
    expect(await page.locator('.service').count()).toBe(0)
    await enter(page, 'fsk_wrong')
    await page.getByRole('alert').filter({ hasText: /\S/ }).waitFor()
    expect(await page.getByLabel('API key or token').inputValue()).toBe('')
    expect(await page.locator('.service').count()).toBe(0)
    await page.context().close()
  })

  it('takes a key, keeps it nowhere where a script could read it, and lets go of it', async () => {
    const page = await opened()
    const token = await locked.keyOf('viewer')
    await enter(page, token)
    await page.getByText('(viewer)').waitFor()
    await page.locator('.service').first().waitFor()
    const readable = await page.evaluate(() =>
      [document.cookie, JSON.stringify(localStorage), JSON.stringify(sessionStorage)].join(),
    )
    expect(readable).not.toContain(token)
    expect(readable).not.toContain('forescale_session')
    await page.reload() // the session outlives the page
    await page.getByText('(viewer)').waitFor()
    await page.getByRole('button', { name: 'Sign out' }).click()
    await page.getByRole('form', { name: 'Sign in' }).waitFor()
    await page.reload()
    await page.getByRole('form', { name: 'Sign in' }).waitFor()
    await page.context().close()
  })

  it.each([
    ['viewer', 403],
    ['admin', 200],
  ] as const)(
    'gives the page of one with the role %s no more than that role may',
    async (role, expected) => {
      const page = await opened()
      await enter(page, await locked.keyOf(role))
      await page.getByText(`(${role})`).waitFor()
      // as the page itself asks: with the token against forged requests, so that the role alone decides
      const answer = await page.evaluate(async () => {
        const { csrfToken } = await (await fetch('/v1/session')).json()
        const body = JSON.stringify({ costBudgetPerHour: 1 })
        const headers = { 'content-type': 'application/json', 'x-csrf-token': csrfToken }
        const response = await fetch('/v1/budget', { method: 'PUT', body, headers })
        return { status: response.status, text: await response.text() }
      })
      expect(answer.status, answer.text).toBe(expected)
      if (expected === 403) expect(answer.text).toContain('problem:forbidden')
      await page.context().close()
    },
  )
})
