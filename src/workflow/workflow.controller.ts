import { Controller, Get, HttpCode, Post, Query } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { notFound } from '../common/errors.js';
import { CurrentUser, type Principal, Roles } from '../common/http/access.decorators.js';
import { ApiProblems } from '../common/http/api-problems.decorator.js';
import { IdParam } from '../common/http/id-param.js';
import { type Page, toPage } from '../common/http/page.js';
import { SettingsService } from '../settings/settings.service.js';
import { decide } from './decision/decide.js';
import { DecisionRepository } from './decision/decision.repository.js';
import { explain } from './decision/explain.js';
import { RunRepository } from './run/run.repository.js';
import * as dto from './workflow.dto.js';
import { WorkflowStatsService } from './workflow-stats.service.js';

@ApiTags('workflow')
@Controller('workflow')
export class WorkflowController {
  constructor(
    private readonly runs: RunRepository,
    private readonly decisions: DecisionRepository,
    private readonly stats: WorkflowStatsService,
    private readonly settings: SettingsService,
  ) {}

  @Get('runs')
  @Roles('viewer')
  @ApiOperation({ summary: 'Execution history: passes of the workflow, newest first' })
  @ApiOkResponse({ standardSchema: dto.runPage })
  @ApiProblems(400)
  async listRuns(@Query({ schema: dto.listRuns }) query: dto.ListRuns): Promise<Page<dto.RunView>> {
    return toPage((await this.runs.list(query, query)).map(dto.toRunView), query.limit);
  }

  @Get('runs/:id')
  @Roles('viewer')
  @ApiOperation({ summary: 'One pass: steps with timings, attempts and errors' })
  @ApiOkResponse({ standardSchema: dto.runView })
  @ApiProblems(400, 404)
  async getRun(@IdParam() id: string): Promise<dto.RunView> {
    const run = await this.runs.findById(id);
    if (!run) throw notFound('run', id);
    return dto.toRunView(run);
  }

  @Get('decisions')
  @Roles('viewer')
  @ApiOperation({ summary: 'Verdicts on drafts, newest first' })
  @ApiOkResponse({ standardSchema: dto.decisionPage })
  @ApiProblems(400)
  async listDecisions(@Query({ schema: dto.listDecisions }) query: dto.ListDecisions): Promise<Page<dto.DecisionView>> {
    const rows = await this.decisions.list(query, query);
    return toPage(
      rows.map((decision) => dto.toDecisionView(decision, explain(decision))),
      query.limit,
    );
  }

  @Get('decisions/:id')
  @Roles('viewer')
  @ApiOperation({ summary: 'One verdict with every rule, and in words which rule held the draft back' })
  @ApiOkResponse({ standardSchema: dto.decisionView })
  @ApiProblems(400, 404)
  async getDecision(@IdParam() id: string): Promise<dto.DecisionView> {
    const decision = await this.decisions.findById(id);
    if (!decision) throw notFound('decision', id);
    return dto.toDecisionView(decision, explain(decision));
  }

  @Post('decisions/:id/replay')
  @HttpCode(200)
  @Roles('agent')
  @ApiOperation({ summary: 'Evaluate the stored record again with the present rules; changes nothing' })
  @ApiOkResponse({ standardSchema: dto.decisionReplay })
  @ApiProblems(400, 404)
  async replayDecision(@IdParam() id: string): Promise<dto.DecisionReplay> {
    const decision = await this.decisions.findById(id);
    if (!decision) throw notFound('decision', id);
    const replayed = decide(decision.input);
    return {
      stored: decision.verdict,
      replayed: replayed.verdict,
      same: replayed.verdict === decision.verdict,
      rules: replayed.rules,
    };
  }

  @Get('stats')
  @Roles('viewer')
  @ApiOperation({ summary: 'Emails by state, queue and dead letters' })
  @ApiOkResponse({ standardSchema: dto.statsView })
  getStats(): Promise<dto.StatsView> {
    return this.stats.get();
  }

  @Post('pause')
  @HttpCode(200)
  @Roles('admin')
  @ApiOperation({ summary: 'Stop classification and drafting on all replicas; mail is still taken in' })
  @ApiOkResponse({ standardSchema: dto.statsView })
  async pause(@CurrentUser() user: Principal): Promise<dto.StatsView> {
    await this.settings.update({ workflowPaused: true }, user);
    return this.stats.get();
  }

  @Post('resume')
  @HttpCode(200)
  @Roles('admin')
  @ApiOperation({ summary: 'Go on after a pause' })
  @ApiOkResponse({ standardSchema: dto.statsView })
  async resume(@CurrentUser() user: Principal): Promise<dto.StatsView> {
    await this.settings.update({ workflowPaused: false }, user);
    return this.stats.get();
  }
}
