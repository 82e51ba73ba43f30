/** Vendors' libraries are large and few need them: each is loaded when its kind is configured, and may be left out. */

/** What the message names is not installed. */
export class MissingSdk extends Error {
  override name = 'MissingSdk'
}

export async function loadSdk<T>(
  packageName: string,
  neededBy: string,
  load: () => Promise<T>,
): Promise<T> {
  try {
    return await load()
  } catch (cause) {
    const code = cause instanceof Error && 'code' in cause ? cause.code : undefined
    if (code !== 'ERR_MODULE_NOT_FOUND' && code !== 'MODULE_NOT_FOUND') throw cause
    throw new MissingSdk(
      `${neededBy} needs the package ${packageName}, which is not installed here: npm install ${packageName}`,
      { cause },
    )
  }
}
