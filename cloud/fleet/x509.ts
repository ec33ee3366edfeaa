// Certificates as bytes: the only file that knows the library that writes ASN.1. What goes into them is decided in certifier.ts; here are the two forms
// there are, the tenant's CA and a store's, as RFC 5280 and browsers want them.
import { createHash, createPublicKey, sign } from 'node:crypto'
import type { KeyObject } from 'node:crypto'
import { isIP } from 'node:net'
import { AsnConvert, OctetString } from '@peculiar/asn1-schema'
import * as asn from '@peculiar/asn1-x509'
import type { Millis } from '../../protocol/time.ts'

export interface Draft {
  readonly serial: Uint8Array
  readonly subject: string
  readonly issuer: string
  /** P-256. */
  readonly publicKey: KeyObject
  readonly from: Millis
  readonly until: Millis
}

const ECDSA_WITH_SHA256 = '1.2.840.10045.4.3.2'
const COMMON_NAME = '2.5.4.3'

/** May sign stores' certificates and nothing below them, and only of these names and networks. */
export function caCertificate(
  draft: Draft,
  names: readonly string[],
  networks: readonly string[],
  key: KeyObject,
): string {
  const permitted = [
    ...names.map((dNSName) => new asn.GeneralName({ dNSName })),
    ...networks.map((iPAddress) => new asn.GeneralName({ iPAddress })),
  ].map((base) => new asn.GeneralSubtree({ base }))
  return signed(draft, key, [
    extension(asn.id_ce_basicConstraints, true, new asn.BasicConstraints({ cA: true, pathLenConstraint: 0 })),
    extension(asn.id_ce_keyUsage, true, new asn.KeyUsage(asn.KeyUsageFlags.keyCertSign)),
    extension(
      asn.id_ce_nameConstraints,
      true,
      new asn.NameConstraints({ permittedSubtrees: new asn.GeneralSubtrees(permitted) }),
    ),
    extension(asn.id_ce_subjectKeyIdentifier, false, new asn.SubjectKeyIdentifier(keyId(draft.publicKey))),
  ])
}

/** Proves a server under these names and addresses. */
export function serverCertificate(draft: Draft, names: readonly string[], key: KeyObject): string {
  const alternatives = names.map((name) =>
    isIP(name) === 0 ? new asn.GeneralName({ dNSName: name }) : new asn.GeneralName({ iPAddress: name }),
  )
  const keyIdentifier = new asn.KeyIdentifier(keyId(createPublicKey(key)))
  return signed(draft, key, [
    extension(asn.id_ce_basicConstraints, true, new asn.BasicConstraints({ cA: false })),
    extension(asn.id_ce_keyUsage, true, new asn.KeyUsage(asn.KeyUsageFlags.digitalSignature)),
    extension(asn.id_ce_extKeyUsage, false, new asn.ExtendedKeyUsage([asn.id_kp_serverAuth])),
    extension(asn.id_ce_subjectAltName, false, new asn.SubjectAlternativeName(alternatives)),
    extension(asn.id_ce_subjectKeyIdentifier, false, new asn.SubjectKeyIdentifier(keyId(draft.publicKey))),
    extension(asn.id_ce_authorityKeyIdentifier, false, new asn.AuthorityKeyIdentifier({ keyIdentifier })),
  ])
}

function signed(draft: Draft, key: KeyObject, extensions: asn.Extension[]): string {
  const { serial, subject, issuer, publicKey, from, until } = draft
  const signature = new asn.AlgorithmIdentifier({ algorithm: ECDSA_WITH_SHA256 })
  const tbsCertificate = new asn.TBSCertificate({
    version: asn.Version.v3,
    serialNumber: bytes(serial),
    signature,
    issuer: nameOf(issuer),
    subject: nameOf(subject),
    validity: new asn.Validity({ notBefore: new Date(from), notAfter: new Date(until) }),
    subjectPublicKeyInfo: AsnConvert.parse(bytes(spki(publicKey)), asn.SubjectPublicKeyInfo),
    extensions: new asn.Extensions(extensions),
  })
  const certificate = new asn.Certificate({
    tbsCertificate,
    signatureAlgorithm: signature,
    signatureValue: bytes(sign('sha256', Buffer.from(AsnConvert.serialize(tbsCertificate)), key)),
  })
  return pem(Buffer.from(AsnConvert.serialize(certificate)))
}

function extension(extnID: string, critical: boolean, value: object): asn.Extension {
  return new asn.Extension({ extnID, critical, extnValue: new OctetString(AsnConvert.serialize(value)) })
}

function nameOf(commonName: string): asn.Name {
  const value = new asn.AttributeValue({ utf8String: commonName })
  const attribute = new asn.AttributeTypeAndValue({ type: COMMON_NAME, value })
  return new asn.Name([new asn.RelativeDistinguishedName([attribute])])
}

function spki(key: KeyObject): Uint8Array {
  return key.export({ type: 'spki', format: 'der' })
}

/** RFC 7093: the first 20 bytes of a SHA-256. */
function keyId(key: KeyObject): ArrayBuffer {
  return bytes(createHash('sha256').update(spki(key)).digest().subarray(0, 20))
}

/** The library takes whole buffers. */
function bytes(view: Uint8Array): ArrayBuffer {
  return new Uint8Array(view).buffer
}

function pem(der: Buffer): string {
  const lines = der.toString('base64').match(/.{1,64}/g) ?? []
  return `-----BEGIN CERTIFICATE-----\n${lines.join('\n')}\n-----END CERTIFICATE-----\n`
}
