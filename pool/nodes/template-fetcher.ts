import type { CallOptions, RpcClient } from '../../service/rpc-client.ts';
import { readTemplate, type Template } from '../jobs/template.ts';

/** Gets templates from a node. */
export class TemplateFetcher {
  /**
   * Asks for a template and reads it.
   * @param former the template before, with which transactions are shared
   * @throws TemplateError, UnreachableError, RpcCallError
   */
  async fetch(
    client: RpcClient,
    request: object,
    former: Template | undefined,
    limits: CallOptions,
  ): Promise<Template> {
    return readTemplate(await client.call('getblocktemplate', [request], limits), former);
  }

  async stop(): Promise<void> {}
}
