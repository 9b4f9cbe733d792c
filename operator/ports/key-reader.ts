/** A public OpenPGP key. */
export interface OpenPgpKey {
  /** The last 16 digits of the fingerprint. */
  readonly keyId: string;
  readonly fingerprint: string;
  /** The first user id: a name and an address. */
  readonly owner: string;
  /** `rsa4096`, `ed25519`. */
  readonly algorithm: string;
  /** The key alone, armored. */
  readonly armored: string;
}

/** Reads keys and certificates that people hand in. */
export interface KeyReader {
  /**
   * The keys in an armored text, with the real `gpg`. Errors: `InvalidRequest` when there is none, or a
   * private one, `ToolMissing`.
   */
  openPgp(armored: string, signal: AbortSignal): Promise<readonly OpenPgpKey[]>;
  /** The certificates in a PEM text, first one first. Errors: `InvalidRequest` when one cannot be read or there is none. */
  certificates(pem: string): readonly { readonly subject: string; readonly algorithm: string }[];
  /** The fingerprint of an ssh key as it stands in `known_hosts`: `SHA256:…`. */
  sshFingerprint(base64: string): string;
}
