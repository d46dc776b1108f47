/**
 * The `task` verbs of everybody who has the bus.
 */
import type { Command } from 'commander';
import { addCommand } from './add.ts';
import type { TaskDesk } from './desk.ts';
import { editCommand } from './edit.ts';
import { countCommand, listCommand, readyCommand } from './list.ts';
import { moveCommands } from './move.ts';
import { showCommand } from './show.ts';

export const boardVerbs = (desk: TaskDesk): Command[] => [
  addCommand(desk),
  readyCommand(desk),
  listCommand(desk),
  showCommand(desk),
  countCommand(desk),
  editCommand(desk),
  ...moveCommands(desk),
];
