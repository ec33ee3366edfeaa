// Where a call to this node comes from: from the machine itself, or from a browser's page. A page of another site that opens a socket to the node is told apart by
// the `Origin` it sends, which must be the host's (H-11); by which names the node goes is in protocol/host-names.ts.

/** Of this machine itself; IPv6 as the server's library writes it, in full. */
export function isLoopback(address: string): boolean {
  return (
    address.startsWith('127.') || address === '::1' || address === '0000:0000:0000:0000:0000:0000:0000:0001'
  )
}

/** No `Origin` means no browser page is speaking. */
export function originAllowed(origin: string, host: string): boolean {
  if (origin === '') return true
  return URL.canParse(origin) && new URL(origin).host === host.toLowerCase()
}
