/** Who speaks to which cluster. */
export interface KubeconfigInput {
  readonly server: string;
  /** PEM. */
  readonly ca: string;
  readonly token: string;
  /** Shown by `kubectl config`. */
  readonly user: string;
}

/** A kubeconfig with a bearer token, as JSON, which is YAML too. */
export function kubeconfigText({ server, ca, token, user }: KubeconfigInput): string {
  const config = {
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': 'tiphys-e2e',
    clusters: [
      {
        name: 'tiphys-e2e',
        cluster: { server, 'certificate-authority-data': Buffer.from(ca).toString('base64') },
      },
    ],
    users: [{ name: user, user: { token } }],
    contexts: [{ name: 'tiphys-e2e', context: { cluster: 'tiphys-e2e', user } }],
  };
  return `${JSON.stringify(config, null, 2)}\n`;
}

/** Tells the API server where the token webhook of `token-webhook.ts` listens. */
export function webhookConfigText(url: string): string {
  const config = {
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': 'webhook',
    clusters: [{ name: 'webhook', cluster: { server: url } }],
    users: [{ name: 'apiserver', user: {} }],
    contexts: [{ name: 'webhook', context: { cluster: 'webhook', user: 'apiserver' } }],
  };
  return `${JSON.stringify(config, null, 2)}\n`;
}
