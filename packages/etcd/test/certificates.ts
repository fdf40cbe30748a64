import { generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto'

// Certificates of X.509, as few of their fields as servers ask for, in DER: https://www.rfc-editor.org/rfc/rfc5280

export interface Certificate {
  readonly name: string
  readonly key: KeyObject
  /** In PEM. */
  readonly privateKey: Buffer
  readonly certificate: Buffer
}

const SEQUENCE = 0x30
const SET = 0x31
const INTEGER = 0x02
const BIT_STRING = 0x03
const OCTET_STRING = 0x04
const OBJECT_ID = 0x06
const UTF8_STRING = 0x0c
const UTC_TIME = 0x17
const BOOLEAN = 0x01

function der(tag: number, ...parts: Buffer[]): Buffer {
  const content = Buffer.concat(parts)
  const { length } = content
  const size = length < 128 ? [length] : length < 256 ? [0x81, length] : [0x82, length >> 8, length & 255]
  return Buffer.concat([Buffer.of(tag, ...size), content])
}

const oid = (...rest: number[]) => der(OBJECT_ID, Buffer.from(rest))
const ECDSA_WITH_SHA256 = der(SEQUENCE, oid(0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02))
const bits = (content: Buffer) => der(BIT_STRING, Buffer.of(0), content)
const nameOf = (common: string) =>
  der(SEQUENCE, der(SET, der(SEQUENCE, oid(0x55, 0x04, 0x03), der(UTF8_STRING, Buffer.from(common)))))
const VALID = der(SEQUENCE, der(UTC_TIME, Buffer.from('200101000000Z')), der(UTC_TIME, Buffer.from('491231235959Z')))

const extension = (id: Buffer, value: Buffer) => der(SEQUENCE, id, der(OCTET_STRING, value))
const isAuthority = extension(oid(0x55, 0x1d, 0x13), der(SEQUENCE, der(BOOLEAN, Buffer.of(0xff))))
/** Context tag 7: an address; 2: a name. */
const isOnThisMachine = extension(
  oid(0x55, 0x1d, 0x11),
  der(SEQUENCE, der(0x87, Buffer.of(127, 0, 0, 1)), der(0x82, Buffer.from('localhost'))),
)

/** Signed by an authority, or by itself, as an authority is. */
export function certificate(name: string, authority?: Certificate): Certificate {
  const { privateKey: key, publicKey } = generateKeyPairSync('ec', { namedCurve: 'prime256v1' })
  const identity = publicKey.export({ type: 'spki', format: 'der' })
  const serial = Buffer.concat([Buffer.of(1), randomBytes(8)])
  const body = der(
    SEQUENCE,
    der(0xa0, der(INTEGER, Buffer.of(2))),
    der(INTEGER, serial),
    ECDSA_WITH_SHA256,
    nameOf(authority?.name ?? name),
    VALID,
    nameOf(name),
    identity,
    der(0xa3, der(SEQUENCE, authority ? isOnThisMachine : isAuthority)),
  )
  const signature = sign('sha256', body, authority?.key ?? key)
  const signed = der(SEQUENCE, body, ECDSA_WITH_SHA256, bits(signature))
  const pem = `-----BEGIN CERTIFICATE-----\n${signed.toString('base64')}\n-----END CERTIFICATE-----\n`
  const privateKey = Buffer.from(key.export({ type: 'pkcs8', format: 'pem' }))
  return { name, key, privateKey, certificate: Buffer.from(pem) }
}
