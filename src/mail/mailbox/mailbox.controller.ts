import { Body, Controller, Delete, Get, HttpCode, Patch, Post, Query } from '@nestjs/common';
import {
  ApiAcceptedResponse,
  ApiBearerAuth,
  ApiCreatedResponse,
  ApiNoContentResponse,
  ApiOAuth2,
  ApiOkResponse,
  ApiOperation,
  ApiTags,
} from '@nestjs/swagger';
import { CurrentUser, type Principal, Roles } from '../../common/http/access.decorators.js';
import { ApiProblems } from '../../common/http/api-problems.decorator.js';
import { IdParam } from '../../common/http/id-param.js';
import { type Page, pageQuery, type PageQuery } from '../../common/http/page.js';
import { ConnectionTester } from './connection-tester.service.js';
import {
  type ConnectionTest,
  connectionTest,
  type CreateMailbox,
  createMailbox,
  mailboxPage,
  type MailboxView,
  mailboxView,
  type PolicyPatch,
  policyPatch,
  type UpdateMailbox,
  updateMailbox,
} from './mailbox.dto.js';
import { MailboxService } from './mailbox.service.js';
import { toMailboxView } from './mailbox.view.js';

@ApiTags('mailboxes')
@ApiBearerAuth()
@ApiOAuth2([])
@Controller('admin/mailboxes')
export class MailboxController {
  constructor(
    private readonly mailboxes: MailboxService,
    private readonly tester: ConnectionTester,
  ) {}

  @Get()
  @Roles('viewer')
  @ApiOperation({ summary: 'List mailboxes with their sync status' })
  @ApiOkResponse({ standardSchema: mailboxPage })
  @ApiProblems(400)
  async list(@Query({ schema: pageQuery }) query: PageQuery): Promise<Page<MailboxView>> {
    const page = await this.mailboxes.list(query);
    return { ...page, items: page.items.map(toMailboxView) };
  }

  @Get(':id')
  @Roles('viewer')
  @ApiOperation({ summary: 'Show one mailbox' })
  @ApiOkResponse({ standardSchema: mailboxView })
  @ApiProblems(400, 404)
  async get(@IdParam() id: string): Promise<MailboxView> {
    return toMailboxView(await this.mailboxes.get(id));
  }

  @Post()
  @Roles('admin')
  @ApiOperation({ summary: 'Add a mailbox; reading starts within seconds' })
  @ApiCreatedResponse({ standardSchema: mailboxView })
  @ApiProblems(400, 409)
  async create(
    @CurrentUser() user: Principal,
    @Body({ schema: createMailbox }) body: CreateMailbox,
  ): Promise<MailboxView> {
    return toMailboxView(await this.mailboxes.create(user, body));
  }

  @Patch(':id')
  @Roles('admin')
  @ApiOperation({ summary: 'Change addresses or server settings' })
  @ApiOkResponse({ standardSchema: mailboxView })
  @ApiProblems(400, 404, 409)
  async update(
    @CurrentUser() user: Principal,
    @IdParam() id: string,
    @Body({ schema: updateMailbox }) body: UpdateMailbox,
  ): Promise<MailboxView> {
    return toMailboxView(await this.mailboxes.update(user, id, body));
  }

  @Patch(':id/policy')
  @Roles('admin')
  @ApiOperation({ summary: 'Change what may be done automatically, tone and signature' })
  @ApiOkResponse({ standardSchema: mailboxView })
  @ApiProblems(400, 404)
  async updatePolicy(
    @CurrentUser() user: Principal,
    @IdParam() id: string,
    @Body({ schema: policyPatch }) body: PolicyPatch,
  ): Promise<MailboxView> {
    return toMailboxView(await this.mailboxes.updatePolicy(user, id, body));
  }

  @Delete(':id')
  @Roles('admin')
  @HttpCode(204)
  @ApiOperation({ summary: 'Remove a mailbox; its mails stay' })
  @ApiNoContentResponse()
  @ApiProblems(400, 404, 409)
  async delete(@CurrentUser() user: Principal, @IdParam() id: string): Promise<void> {
    await this.mailboxes.delete(user, id);
  }

  @Post(':id/test')
  @Roles('admin')
  @HttpCode(200)
  @ApiOperation({ summary: 'Log in to the IMAP and SMTP server and tell what happened' })
  @ApiOkResponse({ standardSchema: connectionTest })
  @ApiProblems(400, 404)
  async test(@IdParam() id: string): Promise<ConnectionTest> {
    return this.tester.test(await this.mailboxes.get(id));
  }

  @Post(':id/pause')
  @Roles('admin')
  @HttpCode(200)
  @ApiOperation({ summary: 'Stop reading and answering' })
  @ApiOkResponse({ standardSchema: mailboxView })
  @ApiProblems(400, 404)
  async pause(@CurrentUser() user: Principal, @IdParam() id: string): Promise<MailboxView> {
    return toMailboxView(await this.mailboxes.pause(user, id));
  }

  @Post(':id/resume')
  @Roles('admin')
  @HttpCode(200)
  @ApiOperation({ summary: 'Go on, also after a refused login' })
  @ApiOkResponse({ standardSchema: mailboxView })
  @ApiProblems(400, 404)
  async resume(@CurrentUser() user: Principal, @IdParam() id: string): Promise<MailboxView> {
    return toMailboxView(await this.mailboxes.resume(user, id));
  }

  @Post(':id/sync')
  @Roles('admin')
  @HttpCode(202)
  @ApiOperation({ summary: 'Look for new mail within seconds' })
  @ApiAcceptedResponse({ standardSchema: mailboxView })
  @ApiProblems(400, 404, 409)
  async sync(@IdParam() id: string): Promise<MailboxView> {
    return toMailboxView(await this.mailboxes.requestSync(id));
  }
}
