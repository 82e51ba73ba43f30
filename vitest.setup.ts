/**
 * Property tests draw the same cases on every run, so that a commit passes or fails for good. FORESCALE_TEST_SEED=N draws
 * others, FORESCALE_TEST_SEED=random new ones each time; what fails prints its own seed and path.
 */
import fc from 'fast-check'

const wanted = process.env['FORESCALE_TEST_SEED'] ?? '20260101'
if (wanted !== 'random') fc.configureGlobal({ seed: Number.parseInt(wanted, 10) })
