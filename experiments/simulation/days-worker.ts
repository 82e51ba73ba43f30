/** A process that simulates ranges of seeds as its parent asks for them, until the parent lets it go. */
import { type DaysChoice, runRange, type SeedRange } from './days.ts'

process.on('message', ({ choice, range }: { choice: DaysChoice; range: SeedRange }) => {
  void runRange(choice, range).then((report) => process.send?.(report))
})
process.on('disconnect', () => process.exit())
