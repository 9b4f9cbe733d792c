import type { Component } from './binaries.ts';

/** What the command lines are made of: ports on 127.0.0.1 and absolute paths. */
export interface Layout {
  readonly etcdPort: number;
  readonly etcdPeerPort: number;
  readonly apiServerPort: number;
  /** Everything that is removed at the end. */
  readonly dataDir: string;
  readonly certDir: string;
  readonly serviceAccountKey: string;
  readonly serviceAccountPublicKey: string;
  readonly tokenFile: string;
  readonly webhookConfig: string;
  readonly kubeconfigPath: string;
  readonly kwokConfig: string;
  /** Where kwok answers as the kubelet: logs of Pods, and commands in them. */
  readonly kubeletPort: number;
  readonly caFile: string;
  /** Whose certificates log in. */
  readonly clientCaFile: string;
  /** Without it nobody makes ServiceAccounts, and Pods must do without. */
  readonly withControllerManager: boolean;
  /** What the API server is told to log of requests, and where to; absent: nothing. */
  readonly audit: { readonly policy: string; readonly log: string } | undefined;
}

/**
 * The flags of each component. Durability is off (the data lives as long as the test), client
 * limits are up (they would bound how fast Deployments settle), and what a laptop-sized cluster
 * does not need is left out: leader election, node lifecycle, serving of what nobody scrapes.
 */
export const COMPONENT_FLAGS: Readonly<Record<Component, (layout: Layout) => readonly string[]>> = {
  etcd: (l) => [
    `--data-dir=${l.dataDir}/etcd`,
    `--listen-client-urls=http://127.0.0.1:${l.etcdPort}`,
    `--advertise-client-urls=http://127.0.0.1:${l.etcdPort}`,
    `--listen-peer-urls=http://127.0.0.1:${l.etcdPeerPort}`,
    `--initial-advertise-peer-urls=http://127.0.0.1:${l.etcdPeerPort}`,
    `--initial-cluster=default=http://127.0.0.1:${l.etcdPeerPort}`,
    '--unsafe-no-fsync',
    '--log-level=warn',
  ],
  'kube-apiserver': (l) => [
    `--etcd-servers=http://127.0.0.1:${l.etcdPort}`,
    '--bind-address=127.0.0.1',
    '--advertise-address=127.0.0.1',
    `--secure-port=${l.apiServerPort}`,
    `--cert-dir=${l.certDir}`,
    '--endpoint-reconciler-type=none',
    '--service-cluster-ip-range=10.96.0.0/12',
    '--authorization-mode=RBAC',
    `--token-auth-file=${l.tokenFile}`,
    `--client-ca-file=${l.clientCaFile}`,
    `--authentication-token-webhook-config-file=${l.webhookConfig}`,
    '--authentication-token-webhook-version=v1',
    '--authentication-token-webhook-cache-ttl=1m',
    '--allow-privileged=true',
    '--kubelet-preferred-address-types=InternalIP', // names of nodes mean nothing here
    '--service-account-issuer=https://kubernetes.default.svc',
    `--service-account-key-file=${l.serviceAccountPublicKey}`,
    `--service-account-signing-key-file=${l.serviceAccountKey}`,
    // The taint that new nodes get is only ever removed by the node lifecycle controller.
    `--disable-admission-plugins=TaintNodesByCondition${l.withControllerManager ? '' : ',ServiceAccount'}`,
    '--profiling=false',
    ...(l.audit === undefined
      ? []
      : [`--audit-policy-file=${l.audit.policy}`, `--audit-log-path=${l.audit.log}`]),
  ],
  'kube-controller-manager': (l) => [
    `--kubeconfig=${l.kubeconfigPath}`,
    '--leader-elect=false',
    '--secure-port=0',
    '--controllers=*,-node-lifecycle-controller,-node-ipam-controller,-cloud-node-lifecycle-controller',
    '--use-service-account-credentials=false',
    `--service-account-private-key-file=${l.serviceAccountKey}`,
    `--root-ca-file=${l.caFile}`,
    '--kube-api-qps=1000',
    '--kube-api-burst=2000',
    '--concurrent-deployment-syncs=20',
    '--concurrent-replicaset-syncs=20',
    '--concurrent-statefulset-syncs=20',
    '--concurrent-job-syncs=20',
    '--concurrent-namespace-syncs=20',
    '--concurrent-serviceaccount-token-syncs=10',
    '--concurrent-endpoint-syncs=10',
    '--concurrent-gc-syncs=20',
    '--profiling=false',
  ],
  'kube-scheduler': (l) => [
    `--kubeconfig=${l.kubeconfigPath}`,
    '--leader-elect=false',
    '--secure-port=0',
    '--kube-api-qps=1000',
    '--kube-api-burst=2000',
    '--profiling=false',
  ],
  kwok: (l) => [
    `--kubeconfig=${l.kubeconfigPath}`,
    `--config=${l.kwokConfig}`,
    '--manage-all-nodes=true',
    `--server-address=127.0.0.1:${l.kubeletPort}`,
    '--node-lease-duration-seconds=0',
  ],
};
