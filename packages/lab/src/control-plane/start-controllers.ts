/** Scheduler and controllers together, as clients of one API server. */
import type { KubeClient } from '@weir/client';
import type { Logger } from 'pino';
import type { Controller, ControllerContext } from '../controllers/controller.ts';
import { startDeploymentController } from '../controllers/deployment-controller.ts';
import { startEndpointController } from '../controllers/endpoint-controller.ts';
import { EventRecorder } from '../controllers/event-recorder.ts';
import { startNamespaceController } from '../controllers/namespace-controller.ts';
import { startOwnerGarbageController } from '../controllers/owner-garbage-controller.ts';
import { startPodGarbageController } from '../controllers/pod-garbage-controller.ts';
import { startReplicaSetController } from '../controllers/replica-set-controller.ts';
import { SharedInformers } from '../controllers/shared-informers.ts';
import { startScheduler } from '../scheduler/scheduler.ts';

/** What the controllers work with. */
export interface ControllersOptions {
  readonly client: KubeClient;
  /** PEM that pods find in `kube-root-ca.crt`. */
  readonly certificateAuthority: string;
  readonly log: Logger;
}

/** Starts all of them; resolves when their copies of the API server's objects are complete. */
export async function startControllers(options: ControllersOptions): Promise<Controller> {
  const { client, log } = options;
  const informers = new SharedInformers(client, (resource, error) => log.warn({ resource, error: String(error) }, 'watch interrupted'));
  const context = (component: string): ControllerContext => ({
    client,
    informers,
    events: new EventRecorder(client, component, log),
    log: log.child({ component }),
  });
  const controllers: readonly Controller[] = [
    startNamespaceController(context('namespace-controller'), options.certificateAuthority),
    startEndpointController(context('endpoint-slice-controller')),
    startPodGarbageController(context('pod-garbage-collector')),
    startOwnerGarbageController(context('garbage-collector')),
    startDeploymentController(context('deployment-controller')),
    startReplicaSetController(context('replicaset-controller')),
    startScheduler(context('default-scheduler')),
  ];
  await informers.start();
  return {
    stop: async () => {
      await informers.stop();
      await Promise.all(controllers.map((controller) => controller.stop()));
    },
  };
}
