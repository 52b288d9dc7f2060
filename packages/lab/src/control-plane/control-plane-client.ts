/** The clients of the control plane's own parties. */
import type { AnswerRequest } from '@weir/apiserver';
import { KubeClient } from '@weir/client';
import { controlPlaneUsers } from './control-plane-users.ts';
import { InnerTransport } from './inner-transport.ts';

/** Scheduler, controllers, or what makes a cluster's first objects; each has the rights of its role and no more. */
export type ControlPlaneParty = keyof typeof controlPlaneUsers;

/** A client of the API server in this process; `server` names that in messages. */
export function controlPlaneClient(answer: AnswerRequest, party: ControlPlaneParty, server: string): KubeClient {
  return new KubeClient({ server }, { userAgent: `weir-${party}`, transport: new InnerTransport(answer, controlPlaneUsers[party]) });
}
