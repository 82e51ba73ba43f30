/** CPU and memory as manifests write them: whole millicores and whole Mi, rounded up, as less would be too little. */
const MIB = 1024 * 1024

/** A sum of binary fractions must not add one: 0.1 cores are 100m. */
const up = (value: number): number => Math.ceil(Number(value.toPrecision(12)))

const millicores = (cores: number): number => up(cores * 1000)
const mebibytes = (bytes: number): number => up(bytes / MIB)

export const cpuQuantity = (cores: number): string => `${millicores(cores)}m`
export const memoryQuantity = (bytes: number): string => `${mebibytes(bytes)}Mi`

export const quantityOf = { cpu: cpuQuantity, memory: memoryQuantity } as const

/** What is really written, in cores and bytes. */
export const writtenOf = {
  cpu: (cores: number): number => millicores(cores) / 1000,
  memory: (bytes: number): number => mebibytes(bytes) * MIB,
} as const
