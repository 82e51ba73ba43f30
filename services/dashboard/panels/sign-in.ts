/** Signing in: shown only where the controller asks who one is. The key goes to the controller once and is kept nowhere here. */
import { ApiError, api, keepSession, type SessionView } from '../data/api.ts'
import { h, setText } from '../ui/dom.ts'

/** Resolves once somebody is signed in, or at once where nobody has to. */
export async function signedIn(root: HTMLElement): Promise<void> {
  const session = await api.session().catch(() => undefined)
  // a controller that does not answer is told of by the page itself
  if (session === undefined || (!session.required && session.caller === null)) return
  const known = session.caller ? session : await askForKey(root)
  if (known.csrfToken) keepSession(known.csrfToken, () => location.reload())
  document.body.append(whoIsSignedIn(known))
}

function askForKey(root: HTMLElement): Promise<SessionView> {
  const key = h('input', {
    type: 'password',
    id: 'key',
    autocomplete: 'current-password',
    required: true,
    'aria-describedby': 'sign-in-error',
  })
  const button = h('button', { type: 'submit' }, 'Sign in')
  const error = h('p.sign-in-error', { id: 'sign-in-error', role: 'alert' })
  const form = h(
    'form.sign-in',
    { 'aria-label': 'Sign in' },
    h('h1', {}, 'Forescale'),
    h('label', { for: 'key' }, 'API key or token'),
    key,
    button,
    error,
    h('p.muted', {}, 'An admin makes one with: forescale keys create --role operator --name you'),
  )
  root.append(form)
  key.focus()
  return new Promise((resolve) => {
    form.addEventListener('submit', (event) => {
      event.preventDefault()
      button.disabled = true
      api
        .signIn(key.value.trim())
        .then((session) => {
          form.remove()
          resolve(session)
        })
        .catch((cause: unknown) => {
          key.value = ''
          setText(error, cause instanceof ApiError ? cause.message : 'that did not work')
        })
        .finally(() => {
          button.disabled = false
        })
    })
  })
}

function whoIsSignedIn({ caller }: SessionView): HTMLElement {
  const out = h('button.quiet', { type: 'button' }, 'Sign out')
  out.addEventListener('click', () => {
    void api.signOut().then(() => location.reload())
  })
  const who = caller ? `${caller.actor} (${caller.role})` : ''
  return h('footer.signed-in', {}, h('span.muted', {}, `Signed in as ${who}`), out)
}
