/** 64 random bits that are not zero: some servers do not answer a transmit timestamp of zero. */
export function randomNonce(): bigint {
  const [nonce] = crypto.getRandomValues(new BigUint64Array(1));
  return nonce === undefined || nonce === 0n ? randomNonce() : nonce;
}
