import { Body, Controller, HttpCode, Post } from '@nestjs/common';
import { ApiAcceptedResponse, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { CurrentUser, type Principal, Roles } from '../../common/http/access.decorators.js';
import { ApiProblems } from '../../common/http/api-problems.decorator.js';
import { IdParam } from '../../common/http/id-param.js';
import { EmailQueryRepository } from '../../mail/message/email-query.repository.js';
import { EmailActionService } from './email-action.service.js';
import * as dto from './review.dto.js';
import { ReviewService } from './review.service.js';
import { toReplyView } from './review.views.js';

/** What people do with an email itself; reading is in mail/message. */
@ApiTags('emails')
@Controller('emails')
export class EmailActionController {
  constructor(
    private readonly reviews: ReviewService,
    private readonly actions: EmailActionService,
    private readonly emails: EmailQueryRepository,
  ) {}

  @Post(':id/reply')
  @HttpCode(200)
  @Roles('agent')
  @ApiOperation({ summary: 'Answer in your own words an email that needs a person; sent after the undo window' })
  @ApiOkResponse({ standardSchema: dto.replyView })
  @ApiProblems(400, 404, 409)
  async reply(
    @CurrentUser() user: Principal,
    @IdParam() id: string,
    @Body({ schema: dto.writeBody }) body: dto.WriteBody,
  ): Promise<dto.ReplyView> {
    const reply = await this.reviews.write(id, body.text, user);
    const [email] = await this.emails.findSummaries([id]);
    return toReplyView(reply, email ?? null);
  }

  @Post(':id/close')
  @HttpCode(200)
  @Roles('agent')
  @ApiOperation({ summary: 'End an email without an answer' })
  @ApiOkResponse({ standardSchema: dto.emailState })
  @ApiProblems(400, 404, 409)
  close(
    @CurrentUser() user: Principal,
    @IdParam() id: string,
    @Body({ schema: dto.reasonBody }) body: dto.ReasonBody,
  ): Promise<dto.EmailStateView> {
    return this.actions.close(id, body.reason, user);
  }

  @Post(':id/reopen')
  @HttpCode(200)
  @Roles('agent')
  @ApiOperation({ summary: 'Answer an ignored email after all: classify and draft it' })
  @ApiOkResponse({ standardSchema: dto.emailState })
  @ApiProblems(400, 404, 409)
  reopen(
    @CurrentUser() user: Principal,
    @IdParam() id: string,
    @Body({ schema: dto.reasonBody }) body: dto.ReasonBody,
  ): Promise<dto.EmailStateView> {
    return this.actions.reopen(id, body.reason, user);
  }

  @Post(':id/draft')
  @HttpCode(202)
  @Roles('agent')
  @ApiOperation({ summary: 'Draft again an email that needs a person or whose draft was rejected' })
  @ApiAcceptedResponse({ standardSchema: dto.emailState })
  @ApiProblems(400, 404, 409)
  draft(
    @CurrentUser() user: Principal,
    @IdParam() id: string,
    @Body({ schema: dto.regenerateBody }) body: dto.RegenerateBody,
  ): Promise<dto.EmailStateView> {
    return this.actions.draftAgain(id, body.instruction, user);
  }
}
