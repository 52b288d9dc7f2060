/** A real API server with Calico's kinds in both groups, without anything else of a cluster. */
import { KubeClient } from '@weir/client';
import { TestServer } from '../../../apiserver/test/support/test-server.ts';
import { calicoForms } from '../../src/calico/calico-forms.ts';
import { installCalico } from '../../src/calico/install-calico.ts';
import { tieredPolicyRoles } from '../../src/control-plane/lab-roles.ts';

/** One server, and a client with all rights. */
export interface CalicoServer {
  readonly server: TestServer;
  readonly client: KubeClient;
  stop(): Promise<void>;
}

/** Starts one with what AKS installs. */
export async function startCalicoServer(): Promise<CalicoServer> {
  const server = await TestServer.start({ otherForms: calicoForms, roles: tieredPolicyRoles });
  const client = new KubeClient({
    server: server.url,
    certificateAuthority: server.ca.certificate,
    clientCertificate: server.admin.certificate,
    clientKey: server.admin.key,
  });
  const stop = async (): Promise<void> => {
    client.close();
    await server.dispose();
  };
  try {
    await installCalico(client, { version: '3.30.0', plugin: 'kubenet', podCidrs: ['10.244.0.0/16'] });
  } catch (error) {
    await stop();
    throw error;
  }
  return { server, client, stop };
}
