//! A channel at work. It has at most one command, which it takes through one or several of the drive's: what one
//! table of regions holds, and for old drives 256 sectors. What comes next is decided when the drive has answered, perhaps
//! in an interrupt handler; nothing here waits but [`Controller::reset`].

use alloc::vec::Vec;

use blockcache::SECTOR_SIZE;

use super::Found;
use super::bus_master::{BusMaster, Progress};
use super::plan::pieces;
use super::task_file::{Burst, MOST_SECTORS_28, TaskFile, status};
use crate::ata::{self, Identity, command};
use crate::hardware::{Machine, PhysicalMemory, Ports, Reach};
use crate::{Command, Controller, Event, Fault, Limits, Operation, Segment};

/// Sectors in one command: 1 MiB.
const MOST_SECTORS: u32 = 2048;
/// Pieces of memory in one command: so many pages are 1 MiB.
const MOST_SEGMENTS: usize = 256;

/// A disk on a channel.
#[derive(Clone, Debug)]
pub struct Drive {
    /// What it says of itself.
    pub identity: Identity,
    /// Whether its data move by DMA: until that fails in a way that is the channel's rather than the disk's.
    pub dma: bool,
    /// What SET MULTIPLE was accepted with; 1 for the plain commands.
    pub(super) multiple: u16,
}

/// A channel with something on its bus.
#[derive(Debug)]
pub struct Channel<P, M: Machine> {
    pub(super) file: TaskFile<P>,
    pub(super) machine: M,
    pub(super) bus_master: Option<BusMaster<P, M::Memory>>,
    pub(super) drives: [Found; 2],
    pub(super) burst: Burst,
    /// The memory of the command under way.
    segments: Vec<Segment>,
    task: Option<Task>,
    /// Is told of a drive whose DMA does not work, at the next reset.
    tell: fn(usize),
    untold: Option<usize>,
}

/// The command under way.
#[derive(Clone, Copy, Debug)]
struct Task {
    unit: usize,
    operation: Operation,
    first_sector: u64,
    /// Bytes in all, and those that have moved by commands which are over.
    length: usize,
    done: usize,
    step: Step,
}

/// What the drive does for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    /// Nothing yet: it is busy.
    Waiting,
    /// So many bytes move by DMA.
    Dma { length: usize },
    /// The processor moves so many bytes, of which some have moved.
    Processor { length: usize, moved: usize },
    /// It has a command without data.
    Bare,
}

impl<P: Ports, M: Machine + PhysicalMemory> Channel<P, M> {
    /// A channel without drives; `None` when there is no memory.
    pub(super) fn new(
        file: TaskFile<P>,
        bus_master: Option<BusMaster<P, M::Memory>>,
        burst: Burst,
        machine: M,
        tell: fn(usize),
    ) -> Option<Self> {
        let mut segments = Vec::new();
        segments.try_reserve_exact(MOST_SEGMENTS).ok()?;
        let drives = [Found::Nothing, Found::Nothing];
        Some(Self { file, machine, bus_master, drives, burst, segments, task: None, tell, untold: None })
    }

    /// What is in the two places.
    pub const fn drives(&self) -> &[Found; 2] {
        &self.drives
    }

    /// Lets the channel interrupt whenever there is news.
    pub fn enable_interrupts(&mut self) {
        self.file.enable_interrupts();
    }

    pub(super) const fn drive(&mut self, unit: usize) -> Option<&mut Drive> {
        match &mut self.drives {
            [Found::Disk(drive), _] if unit == 0 => Some(drive),
            [_, Found::Disk(drive)] if unit == 1 => Some(drive),
            _ => None,
        }
    }

    /// The drive's next command, unless it is still busy.
    fn go_on(&mut self) {
        let Some(mut task) = self.task else { return };
        if !self.file.is_idle() {
            return;
        }
        self.file.choose(task.unit);
        if !self.file.is_idle() {
            return;
        }
        let Some(drive) = self.drive(task.unit).cloned() else { return };
        task.step = match task.operation {
            Operation::Flush => {
                self.file.command(if drive.identity.lba48 { command::FLUSH_EXT } else { command::FLUSH });
                Step::Bare
            }
            Operation::Read | Operation::Write => self.begin_transfer(&task, &drive),
        };
        self.task = Some(task);
        // The first sectors to write are asked for without an interrupt.
        if let (Operation::Write, Step::Processor { .. }) = (task.operation, task.step)
            && !self.file.stays_busy()
            && self.file.glance() & (status::ERROR | status::FAULT | status::DATA_REQUEST)
                == status::DATA_REQUEST
        {
            self.move_burst();
        }
    }

    fn begin_transfer(&mut self, task: &Task, drive: &Drive) -> Step {
        let long = drive.identity.lba48;
        let left = task.length - task.done;
        let most = if long { left } else { left.min(MOST_SECTORS_28 * SECTOR_SIZE) };
        let sector = task.first_sector + (task.done / SECTOR_SIZE) as u64;
        let operation = task.operation;
        if drive.dma
            && let Some(bus_master) = &mut self.bus_master
        {
            let length = bus_master.prepare(&self.segments, task.done, most, operation, &self.machine);
            if length > 0 {
                let is_long = self.file.address(task.unit, sector, length / SECTOR_SIZE, long);
                self.file.command(match (operation, is_long) {
                    (Operation::Write, false) => command::WRITE_DMA,
                    (Operation::Write, true) => command::WRITE_DMA_EXT,
                    (_, false) => command::READ_DMA,
                    (_, true) => command::READ_DMA_EXT,
                });
                bus_master.start(operation);
                return Step::Dma { length };
            }
        }
        let is_long = self.file.address(task.unit, sector, most / SECTOR_SIZE, long);
        self.file.command(match (operation, drive.multiple > 1, is_long) {
            (Operation::Write, false, false) => command::WRITE,
            (Operation::Write, false, true) => command::WRITE_EXT,
            (Operation::Write, true, false) => command::WRITE_MULTIPLE,
            (Operation::Write, true, true) => command::WRITE_MULTIPLE_EXT,
            (_, false, false) => command::READ,
            (_, false, true) => command::READ_EXT,
            (_, true, false) => command::READ_MULTIPLE,
            (_, true, true) => command::READ_MULTIPLE_EXT,
        });
        Step::Processor { length: most, moved: 0 }
    }

    fn look_at_dma(&mut self, length: usize) -> Option<Event> {
        let bus_master = self.bus_master.as_ref()?;
        let progress = bus_master.progress();
        // An interrupt while the drive is busy is not this command's.
        if progress == Progress::UnderWay || progress == Progress::Interrupted && self.file.stays_busy() {
            return None;
        }
        bus_master.stop();
        let status = self.file.status();
        // The drive's own complaint says more than the channel's, which follows from it.
        if status & status::BUSY == 0
            && let Some(event) = self.complaint(status)
        {
            return Some(event);
        }
        if progress == Progress::Failed || status & (status::BUSY | status::DATA_REQUEST) != 0 {
            return self.lost_step();
        }
        let task = self.task?;
        if task.operation == Operation::Read
            && let Some(bus_master) = &self.bus_master
        {
            bus_master.deliver(&self.machine);
        }
        self.has_moved(length)
    }

    fn look_at_burst(&mut self, length: usize, moved: usize) -> Option<Event> {
        if self.file.stays_busy() {
            return None;
        }
        let status = self.file.status();
        if let Some(event) = self.complaint(status) {
            return Some(event);
        }
        // After the last sectors a drive that writes has one more thing to say: that it has them.
        match (status & status::DATA_REQUEST != 0, moved == length) {
            (true, false) => self.move_burst(),
            (false, true) => self.has_moved(length),
            _ => self.lost_step(),
        }
    }

    /// Moves the sectors that the drive has or wants now.
    fn move_burst(&mut self) -> Option<Event> {
        let mut task = self.task?;
        let Step::Processor { length, moved } = task.step else { return None };
        let multiple = self.drive(task.unit).map_or(1, |drive| drive.multiple);
        let count = (usize::from(multiple) * SECTOR_SIZE).min(length - moved);
        let memory = pieces(&self.segments, task.done + moved, count);
        if task.operation == Operation::Write {
            self.burst.write(&self.file, count, |bytes| {
                let mut rest = bytes;
                for piece in memory {
                    let (now, later) = rest.split_at_mut(piece.length as usize);
                    self.machine.copy_out(piece.address, now);
                    rest = later;
                }
            });
        } else {
            let mut rest = self.burst.read(&self.file, count);
            for piece in memory {
                let (now, later) = rest.split_at(piece.length as usize);
                self.machine.copy_in(piece.address, now);
                rest = later;
            }
        }
        self.file.settle();
        task.step = Step::Processor { length, moved: moved + count };
        self.task = Some(task);
        if task.operation == Operation::Read && moved + count == length {
            self.has_moved(length)
        } else {
            None
        }
    }

    fn look_at_end(&mut self) -> Option<Event> {
        if self.file.glance() & status::BUSY != 0 {
            return None;
        }
        let status = self.file.status();
        self.complaint(status).or_else(|| self.finish(Ok(())))
    }

    /// A command of the drive's is over and has moved so much: the next one, or the end.
    fn has_moved(&mut self, length: usize) -> Option<Event> {
        let task = self.task.as_mut()?;
        task.done += length;
        task.step = Step::Waiting;
        if task.done >= task.length {
            return self.finish(Ok(()));
        }
        self.go_on();
        None
    }

    /// What is to be done when the status tells of an error.
    fn complaint(&mut self, status: u8) -> Option<Event> {
        if status & status::FAULT != 0 {
            return self.stop(Fault::Reported("a fault of the drive itself"));
        }
        if status & status::ERROR == 0 {
            return None;
        }
        let bits = self.file.error();
        let words = ata::describe_error(bits);
        let fault =
            if bits & ata::NO_SUCH_SECTOR != 0 { Fault::Refused(words) } else { Fault::Reported(words) };
        // One that has not let go of the command is not in a state to take another.
        if status & status::DATA_REQUEST != 0 { self.stop(fault) } else { self.finish(Err(fault)) }
    }

    /// Drive and channel disagree about what is to move.
    fn lost_step(&mut self) -> Option<Event> {
        if let Some(Task { unit, step: Step::Dma { .. }, .. }) = self.task {
            self.give_up_dma(unit);
        }
        self.stop(Fault::Reported("it lost step with the data"))
    }

    fn give_up_dma(&mut self, unit: usize) {
        if let Some(drive) = self.drive(unit) {
            drive.dma = false;
            self.untold = Some(unit);
        }
    }

    fn stop(&mut self, fault: Fault) -> Option<Event> {
        self.task.take().map(|_| Event::Stopped(Some((0, fault))))
    }

    fn finish(&mut self, result: Result<(), Fault>) -> Option<Event> {
        self.task.take().map(|_| Event::Finished(0, result))
    }
}

impl<P: Ports, M: Machine + PhysicalMemory> Controller for Channel<P, M> {
    fn limits(&self) -> Limits {
        Limits {
            depth: 1,
            sectors: MOST_SECTORS,
            segments: MOST_SEGMENTS,
            reach: if self.bus_master.is_some() { Reach::Below4GiB } else { Reach::All },
            copies_the_rest: true,
            whole_pages: false,
            flush_alone: false,
        }
    }

    fn start(&mut self, _slot: usize, command: &Command<'_>) -> Result<(), Fault> {
        if self.drive(command.unit).is_none() {
            return Err(Fault::Refused("there is no such disk"));
        }
        if command.segments.len() > MOST_SEGMENTS || self.task.is_some() {
            return Err(Fault::Refused("it can't take this command"));
        }
        self.segments.clear();
        self.segments.extend_from_slice(command.segments);
        self.task = Some(Task {
            unit: command.unit,
            operation: command.operation,
            first_sector: command.first_sector,
            length: command.bytes() as usize,
            done: 0,
            step: Step::Waiting,
        });
        self.go_on();
        Ok(())
    }

    fn poll(&mut self) -> Option<Event> {
        match self.task?.step {
            Step::Waiting => {
                self.go_on();
                None
            }
            Step::Dma { length } => self.look_at_dma(length),
            Step::Processor { length, moved } => self.look_at_burst(length, moved),
            Step::Bare => self.look_at_end(),
        }
    }

    fn reset(&mut self) -> Result<(), Fault> {
        if let Some(bus_master) = &self.bus_master {
            bus_master.stop();
        }
        // It did not answer. Perhaps it does when the processor asks.
        if let Some(Task { unit, step: Step::Dma { .. }, .. }) = self.task.take() {
            self.give_up_dma(unit);
        }
        if let Some(unit) = self.untold.take() {
            (self.tell)(unit);
        }
        self.begin_anew()
    }
}
