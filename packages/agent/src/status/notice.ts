/** What agents tell people about objects of the cluster: in Events, and in the status of policies. */

/** One thing to tell about an object. */
export interface Notice {
  readonly object: {
    readonly apiVersion: string;
    readonly kind: string;
    readonly namespace: string;
    readonly name: string;
    readonly uid: string;
  };
  readonly type: 'Normal' | 'Warning';
  readonly reason: string;
  readonly message: string;
}

/** How a notice is told. */
export interface NoticeManner {
  /** This node is concerned itself, so it does not wait for others to tell. */
  readonly isOurs: boolean;
  /** It is said again until it is withdrawn. */
  readonly isLasting: boolean;
}

/** Takes notices. */
export interface NoticeBoard {
  announce(notice: Notice, manner: NoticeManner): void;
  withdraw(notice: Notice): void;
}
