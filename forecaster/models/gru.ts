/** A global GRU; see ../neural/README.md. */
import { createNeural } from '../neural/neural-model.ts'

export const gru = createNeural('gru')
