/** Types of snappyjs, which brings none: what of it is used here. */
declare module 'snappyjs' {
  export function compress(bytes: Uint8Array): Uint8Array
  /** Throws when the bytes are no snappy block, or unpack to more than `maxLength`. */
  export function uncompress(bytes: Uint8Array, maxLength?: number): Uint8Array
}
