/** CPU and memory as manifests write them: whole millicores and whole Mi, rounded up, as less would be too little. */
const MIB = 1024 * 1024

/** A sum of binary fractions must not add one: 0.1 cores are 100m. */
const up = (value: number): number => Math.ceil(Number(value.toPrecision(12)))

export const cpuQuantity = (cores: number): string => `${up(cores * 1000)}m`
export const memoryQuantity = (bytes: number): string => `${up(bytes / MIB)}Mi`

export const quantityOf = { cpu: cpuQuantity, memory: memoryQuantity } as const
