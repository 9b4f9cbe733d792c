import { createCipheriv, createDecipheriv, createHash, randomBytes, scryptSync } from 'node:crypto';

/** Hides texts that leave this process, and tells whether they were changed. */
export interface Seal {
  /** Hexadecimal: nonce, then AES-256-GCM. */
  seal(text: string): string;
  /** `undefined` for what was not sealed with this key. */
  open(sealed: string): string | undefined;
}

const NONCE_BYTES = 12;
const TAG_BYTES = 16;

/** The key is made of `server.secretkey`, as the incumbent does it, so that both open what the other sealed. */
export function createSeal(secretKey: string): Seal {
  const salt = createHash('sha256').update(secretKey).digest();
  const key = scryptSync(secretKey, salt, 32, { N: 16_384, r: 8, p: 1 });
  return {
    seal(text) {
      const nonce = randomBytes(NONCE_BYTES);
      const cipher = createCipheriv('aes-256-gcm', key, nonce);
      const parts = [nonce, cipher.update(text, 'utf8'), cipher.final(), cipher.getAuthTag()];
      return Buffer.concat(parts).toString('hex');
    },
    open(sealed) {
      const bytes = Buffer.from(sealed, 'hex');
      if (bytes.length < NONCE_BYTES + TAG_BYTES || bytes.length * 2 !== sealed.length)
        return undefined;
      try {
        const decipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(0, NONCE_BYTES));
        decipher.setAuthTag(bytes.subarray(-TAG_BYTES));
        const text = decipher.update(bytes.subarray(NONCE_BYTES, -TAG_BYTES));
        return Buffer.concat([text, decipher.final()]).toString('utf8');
      } catch {
        return undefined; // somebody else's, or changed
      }
    },
  };
}
