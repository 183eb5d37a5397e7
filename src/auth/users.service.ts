import { Injectable } from '@nestjs/common';
import { Clock } from '../common/clock.js';
import { conflict, invalidInput, notFound } from '../common/errors.js';
import type { Principal } from '../common/http/access.decorators.js';
import type { Page, PageQuery } from '../common/http/page.js';
import { AuditService } from './audit.service.js';
import { PasswordHasher } from './password-hasher.js';
import { passwordProblem } from './password-rules.js';
import { SessionService } from './session.service.js';
import { type AdminExit, UserRepository } from './user.repository.js';
import { isActiveAdmin, type User, type UserChange } from './user.types.js';
import type { CreateUser, UpdateUser } from './users.dto.js';

/** What the audit log compares: the password shows as changed through its hash's hash only. */
const auditState = ({ username, role, disabled, passwordHash }: User) => ({ username, role, disabled, passwordHash });

/** Accounts and their roles. There is always at least one enabled administrator. */
@Injectable()
export class UsersService {
  constructor(
    private readonly users: UserRepository,
    private readonly hasher: PasswordHasher,
    private readonly sessions: SessionService,
    private readonly audit: AuditService,
    private readonly clock: Clock,
  ) {}

  list(page: PageQuery): Promise<Page<User>> {
    return this.users.list(page);
  }

  /** @throws AppError NOT_FOUND */
  async get(id: string): Promise<User> {
    const user = await this.users.findById(id);
    if (!user) throw notFound('user', id);
    return user;
  }

  /** @throws AppError INVALID_INPUT for a weak password, CONFLICT when the name is taken */
  async create({ username, password, role, disabled }: CreateUser, actor: Principal): Promise<User> {
    const passwordHash = await this.checkedHash(password, username);
    const user = await this.users.insert({ username, passwordHash, role, disabled });
    await this.audit.record({ actor, action: 'user.create', target: `user:${user.id}`, after: auditState(user) });
    return user;
  }

  /**
   * Changes role, state or password and ends the user's sessions.
   * @throws AppError NOT_FOUND, INVALID_INPUT for a weak password, CONFLICT for the last administrator or a change in between
   */
  async update(id: string, { role, disabled, password }: UpdateUser, actor: Principal): Promise<User> {
    const before = await this.get(id);
    const change: UserChange = {
      ...(role !== undefined && { role }),
      ...(disabled !== undefined && { disabled }),
      ...(password !== undefined && { passwordHash: await this.checkedHash(password, before.username) }),
    };
    const staysAdmin = !isActiveAdmin(before) || isActiveAdmin({ ...before, ...change });
    const after = staysAdmin
      ? await this.users.update(before, change)
      : done(await this.users.updateLeavingAdmin(before, change, this.clock.now()));
    if (!after) throw changedMeanwhile();
    this.sessions.forgetUser(id);
    const states = { before: auditState(before), after: auditState(after) };
    await this.audit.record({ actor, action: 'user.update', target: `user:${id}`, ...states });
    return after;
  }

  /** @throws AppError NOT_FOUND, CONFLICT for the last administrator or a change in between */
  async delete(id: string, actor: Principal): Promise<void> {
    const before = await this.get(id);
    const deleted = isActiveAdmin(before)
      ? done(await this.users.deleteLeavingAdmin(before, this.clock.now()))
      : await this.users.delete(before);
    if (!deleted) throw changedMeanwhile();
    this.sessions.forgetUser(id);
    await this.audit.record({ actor, action: 'user.delete', target: `user:${id}`, before: auditState(before) });
  }

  private async checkedHash(password: string, username: string): Promise<string> {
    const problem = passwordProblem(password, username);
    if (problem) throw invalidInput(`password: ${problem}`);
    return this.hasher.hash(password);
  }
}

const changedMeanwhile = () => conflict('The user was changed by somebody else meanwhile; look at it again.');

function done(exit: AdminExit): User {
  if (exit.outcome === 'done') return exit.user;
  if (exit.outcome === 'busy') throw conflict('Another administrator is being changed right now; try again.');
  throw conflict('This is the last enabled administrator; make another one first.');
}
