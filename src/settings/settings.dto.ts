import { z } from 'zod';

export const settingsView = z
  .object({
    autoSendEnabled: z.boolean().describe('Kill switch: false stops all automatic sending on all replicas within 5 s'),
    deliveryPaused: z.boolean().describe('True stops all sending; approved replies stay queued'),
    workflowPaused: z.boolean().describe('True stops classification and drafting; mail is still taken in'),
    neverAuto: z.array(z.string()).describe('Words in subject or text that always call a person'),
  })
  .meta({ id: 'Settings' });
export type SettingsView = z.infer<typeof settingsView>;

export const updateSettings = z
  .strictObject({
    autoSendEnabled: z.boolean().optional(),
    deliveryPaused: z.boolean().optional(),
    workflowPaused: z.boolean().optional(),
    neverAuto: z.array(z.string().trim().min(2).max(80)).max(200).optional(),
  })
  .meta({ id: 'UpdateSettings' });
export type UpdateSettings = z.infer<typeof updateSettings>;
