/** The parts of `forescale up`, in the order in which they start; alone here, so that the command line loads nothing else. */
export const PART_NAMES = ['host', 'gateway', 'load', 'collector', 'controller'] as const
export type PartName = (typeof PART_NAMES)[number]
