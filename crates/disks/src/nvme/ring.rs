//! A ring of commands and its ring of answers (NVMe, section 4.1).

use super::command::{ANSWER_BYTES, Answer, COMMAND_BYTES, Words};
use super::register;
use crate::hardware::{Memory, Registers};

/// Both rings, with as many places each.
#[derive(Debug)]
pub(super) struct Ring<M> {
    commands: M,
    answers: M,
    places: usize,
    /// Doorbell of the commands; that of the answers is one `stride` further.
    doorbell: usize,
    stride: usize,
    /// Where the next command goes.
    tail: usize,
    /// Where the next answer comes.
    head: usize,
    /// What the phase bit of a new answer is.
    phase: bool,
}

impl<M: Memory> Ring<M> {
    /// The rings number `number`. The memory holds `places` commands and answers; `stride` is the distance of doorbells.
    pub fn new(commands: M, answers: M, places: usize, number: usize, stride: usize) -> Self {
        let doorbell = register::DOORBELLS + 2 * number * stride;
        Self { commands, answers, places, doorbell, stride, tail: 0, head: 0, phase: true }
    }

    /// Empty, as after the controller was switched off.
    pub fn restart(&mut self) {
        self.commands.clear();
        self.answers.clear();
        (self.tail, self.head, self.phase) = (0, 0, true);
    }

    /// Where the rings are.
    pub fn addresses(&self) -> (u64, u64) {
        (self.commands.address(), self.answers.address())
    }

    /// Gives a command. There is room: fewer commands are under way than there are places.
    pub fn push(&mut self, registers: &impl Registers, command: &Words) {
        for (index, word) in command.0.iter().enumerate() {
            self.commands.write_u32(self.tail * COMMAND_BYTES + 4 * index, *word);
        }
        self.tail = (self.tail + 1) % self.places;
        registers.write_u32(self.doorbell, self.tail as u32);
    }

    /// Takes the next answer, if one has come.
    pub fn pop(&mut self, registers: &impl Registers) -> Option<Answer> {
        let at = self.head * ANSWER_BYTES;
        // The word with the phase is written last, so it is read first.
        let last = self.answers.read_u32(at + 12);
        if (last & 1 << 16 != 0) != self.phase {
            return None;
        }
        let answer = Answer::new([self.answers.read_u32(at), 0, 0, last]);
        self.head += 1;
        if self.head == self.places {
            self.head = 0;
            self.phase = !self.phase;
        }
        registers.write_u32(self.doorbell + self.stride, self.head as u32);
        Some(answer)
    }
}
