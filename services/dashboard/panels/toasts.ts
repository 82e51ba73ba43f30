/** What went wrong with something the reader did, as a sentence, for a while; and the running of such writes. */
import type { Context } from '../ui/context.ts'
import { h } from '../ui/dom.ts'

const SHOWN_MS = 8000

export function createToasts() {
  const element = h('div.toasts', { role: 'alert' })
  const show = (text: string) => {
    const close = h('button.quiet', { type: 'button', 'aria-label': 'Dismiss' }, '✕')
    const toast = h('p.toast', {}, h('span', {}, text), close)
    close.addEventListener('click', () => toast.remove())
    element.append(toast)
    setTimeout(() => toast.remove(), SHOWN_MS)
  }
  const act: Context['act'] = async (control, work) => {
    control.disabled = true
    try {
      await work()
    } catch (error) {
      show(error instanceof Error ? error.message : String(error))
    } finally {
      control.disabled = false
      if (document.activeElement === document.body) control.focus()
    }
  }
  return { element, act }
}
