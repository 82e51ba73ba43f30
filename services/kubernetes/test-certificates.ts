/** Certificates for tests, made by openssl in a folder of their own. */
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import path from 'node:path'

export interface TestCertificate {
  readonly certFile: string
  readonly keyFile: string
  readonly cert: string
  readonly key: string
}

export interface CertificateOptions {
  readonly commonName: string
  /** As openssl writes them: `DNS:localhost,IP:127.0.0.1`. */
  readonly subjectAltName?: string
  readonly organisation?: string
  /** Signed by this one; left out: by itself, as an authority is. */
  readonly by?: TestCertificate
}

/** Files `name`.crt and `name`.key in `dir`. */
export function makeCertificate(
  dir: string,
  name: string,
  { commonName, subjectAltName, organisation, by }: CertificateOptions,
): TestCertificate {
  const certFile = path.join(dir, `${name}.crt`)
  const keyFile = path.join(dir, `${name}.key`)
  const subject = `${organisation === undefined ? '' : `/O=${organisation}`}/CN=${commonName}`
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2']
  const names = subjectAltName === undefined ? [] : ['-addext', `subjectAltName=${subjectAltName}`]
  const signed =
    by === undefined
      ? []
      : ['-CA', by.certFile, '-CAkey', by.keyFile, '-addext', 'basicConstraints=critical,CA:FALSE']
  const files = ['-keyout', keyFile, '-out', certFile]
  const all = ['req', '-x509', ...key, '-subj', subject, ...names, ...signed, ...files]
  execFileSync('openssl', all, { stdio: 'pipe' })
  return {
    ...{ certFile, keyFile },
    cert: readFileSync(certFile, 'utf8'),
    key: readFileSync(keyFile, 'utf8'),
  }
}
