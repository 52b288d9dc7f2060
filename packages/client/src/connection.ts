/** How to reach one API server: address, trust and credentials. Produced by the kubeconfig reader. */

/** One API server and who we are to it. PEM texts, never file names, except for `tokenFile`. */
export interface ClusterConnection {
  /** `https://host:port[/prefix]`, `http://host:port`, or `unix:/path` (plain HTTP over a unix socket). */
  readonly server: string;
  /** PEM certificates that the server's certificate must chain to; the system's own when absent. */
  readonly certificateAuthority?: string;
  readonly clientCertificate?: string;
  readonly clientKey?: string;
  /** Bearer token. */
  readonly token?: string;
  /** File that holds the bearer token; read again at most once a minute because it is rotated. */
  readonly tokenFile?: string;
  /** Name that the server's certificate must carry, when it differs from the host in `server`. */
  readonly tlsServerName?: string;
  /** Accepts any server certificate. Only set when the caller asked for it explicitly. */
  readonly insecureSkipTlsVerify?: boolean;
  /** Default namespace of the context; `default` when the kubeconfig names none. */
  readonly namespace?: string;
}
