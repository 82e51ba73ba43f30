/** A global LSTM; see ../neural/README.md. */
import { createNeural } from '../neural/neural-model.ts'

export const lstm = createNeural('lstm')
