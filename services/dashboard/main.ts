/** Entry of the dashboard. */
import 'uplot/dist/uPlot.min.css'
import './theme.css'
import './layout.css'
import './basics.css'
import './panels.css'
import './charts.css'
import './why.css'
import './ahead.css'
import './books.css'
import './models.css'
import './parts.css'
import './trainings.css'
import './sign-in.css'
import { startApp } from './app.ts'
import { signedIn } from './panels/sign-in.ts'
import { applyTheme } from './ui/theme.ts'

applyTheme()
const root = document.querySelector<HTMLElement>('#app')!
void signedIn(root).then(() => startApp(root))
