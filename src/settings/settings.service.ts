import { Injectable } from '@nestjs/common';
import { Clock } from '../common/clock.js';
import type { Principal } from '../common/http/access.decorators.js';
import { AuditService } from '../auth/audit.service.js';
import { SettingsRepository } from './settings.repository.js';
import { type Settings, SETTINGS_MAX_AGE_MS } from './settings.types.js';

/** Run-time switches with a short-lived copy in memory. */
@Injectable()
export class SettingsService {
  private cached: { value: Settings; atMs: number } | null = null;

  constructor(
    private readonly repository: SettingsRepository,
    private readonly audit: AuditService,
    private readonly clock: Clock,
  ) {}

  /** The switches, at most SETTINGS_MAX_AGE_MS old. Throws when the store is away: then nothing may be sent either. */
  async get(): Promise<Settings> {
    const now = this.clock.monotonicMs();
    if (this.cached && now - this.cached.atMs < SETTINGS_MAX_AGE_MS) return this.cached.value;
    const value = await this.repository.load();
    this.cached = { value, atMs: now };
    return value;
  }

  async update(changes: Partial<Settings>, actor: Principal): Promise<Settings> {
    const before = await this.repository.load();
    const after = await this.repository.update(changes);
    this.cached = null;
    await this.audit.record({ actor, action: 'settings.update', target: 'settings', before, after });
    return after;
  }
}
