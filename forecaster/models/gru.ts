/** A global GRU; see ../neural/README.md. */
import { createNeural } from '../neural/neural-model.ts'
import { newPath } from './path-storage.ts'

export const gru = createNeural('gru', newPath)
