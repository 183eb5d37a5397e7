import { Body, Controller, Get, HttpCode, Patch, Post, Query } from '@nestjs/common';
import { ApiAcceptedResponse, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { CurrentUser, type Principal, Roles } from '../../common/http/access.decorators.js';
import { ApiProblems } from '../../common/http/api-problems.decorator.js';
import { IdParam } from '../../common/http/id-param.js';
import { type Page, toPage } from '../../common/http/page.js';
import { EmailQueryRepository } from '../../mail/message/email-query.repository.js';
import { ReplyRepository } from '../../reply/reply.repository.js';
import type { Reply } from '../../reply/reply.types.js';
import * as dto from './review.dto.js';
import { ReviewService } from './review.service.js';
import { toReplyView } from './review.views.js';
import { UndoService } from './undo.service.js';

@ApiTags('replies')
@Controller('replies')
export class ReplyController {
  constructor(
    private readonly reviews: ReviewService,
    private readonly undo: UndoService,
    private readonly replies: ReplyRepository,
    private readonly emails: EmailQueryRepository,
  ) {}

  @Get()
  @Roles('viewer')
  @ApiOperation({ summary: 'Replies, newest first; state=in_review is the queue of drafts' })
  @ApiOkResponse({ standardSchema: dto.replyPage })
  @ApiProblems(400)
  async list(@Query({ schema: dto.listReplies }) query: dto.ListReplies): Promise<Page<dto.ReplyView>> {
    const { state, mailboxId, limit, cursor } = query;
    const page = toPage(await this.replies.list({ states: state && [state], mailboxId, limit, cursor }), limit);
    const emails = await this.emails.findSummaries(page.items.map(({ emailId }) => emailId));
    const byId = new Map(emails.map((email) => [email.id, email]));
    return { ...page, items: page.items.map((reply) => toReplyView(reply, byId.get(reply.emailId) ?? null)) };
  }

  @Get(':id')
  @Roles('viewer')
  @ApiOperation({ summary: 'One reply with its versions, sources and checks' })
  @ApiOkResponse({ standardSchema: dto.replyView })
  @ApiProblems(400, 404)
  async get(@IdParam() id: string): Promise<dto.ReplyView> {
    return this.view(await this.reviews.get(id));
  }

  @Post(':id/approve')
  @HttpCode(200)
  @Roles('agent')
  @ApiOperation({ summary: 'Approve, or edit and approve with `text`; sent after the undo window' })
  @ApiOkResponse({ standardSchema: dto.replyView })
  @ApiProblems(400, 404, 409)
  async approve(
    @CurrentUser() user: Principal,
    @IdParam() id: string,
    @Body({ schema: dto.approveBody }) body: dto.ApproveBody,
  ): Promise<dto.ReplyView> {
    return this.view(await this.reviews.approve(id, body, user));
  }

  @Patch(':id')
  @Roles('agent')
  @ApiOperation({ summary: 'Edit the draft; it waits on for approval' })
  @ApiOkResponse({ standardSchema: dto.replyView })
  @ApiProblems(400, 404, 409)
  async edit(
    @CurrentUser() user: Principal,
    @IdParam() id: string,
    @Body({ schema: dto.editBody }) body: dto.EditBody,
  ): Promise<dto.ReplyView> {
    return this.view(await this.reviews.edit(id, body, user));
  }

  @Post(':id/reject')
  @HttpCode(200)
  @Roles('agent')
  @ApiOperation({ summary: 'Reject the draft with reasons; training learns from them' })
  @ApiOkResponse({ standardSchema: dto.replyView })
  @ApiProblems(400, 404, 409)
  async reject(
    @CurrentUser() user: Principal,
    @IdParam() id: string,
    @Body({ schema: dto.rejectBody }) body: dto.RejectBody,
  ): Promise<dto.ReplyView> {
    return this.view(await this.reviews.reject(id, body, user));
  }

  @Post(':id/regenerate')
  @HttpCode(202)
  @Roles('agent')
  @ApiOperation({ summary: 'Draft anew, with an instruction; the result becomes the next version' })
  @ApiAcceptedResponse({ standardSchema: dto.replyView })
  @ApiProblems(400, 404, 409)
  async regenerate(
    @CurrentUser() user: Principal,
    @IdParam() id: string,
    @Body({ schema: dto.regenerateBody }) body: dto.RegenerateBody,
  ): Promise<dto.ReplyView> {
    return this.view(await this.reviews.regenerate(id, body, user));
  }

  @Post(':id/cancel')
  @HttpCode(200)
  @Roles('agent')
  @ApiOperation({ summary: 'Take the approval back within the undo window; 409 when it is being sent already' })
  @ApiOkResponse({ standardSchema: dto.replyView })
  @ApiProblems(400, 404, 409)
  async cancel(@CurrentUser() user: Principal, @IdParam() id: string): Promise<dto.ReplyView> {
    await this.undo.cancel(await this.reviews.get(id), user);
    return this.view(await this.reviews.get(id));
  }

  private async view(reply: Reply): Promise<dto.ReplyView> {
    const [email] = await this.emails.findSummaries([reply.emailId]);
    return toReplyView(reply, email ?? null);
  }
}
