/** A global LSTM; see ../neural/README.md. */
import { createNeural } from '../neural/neural-model.ts'
import { newPath } from './path-storage.ts'

export const lstm = createNeural('lstm', newPath)
