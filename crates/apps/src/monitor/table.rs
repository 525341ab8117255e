//! The list of threads: figures in, sorted rows of text out.

use alloc::collections::BTreeMap;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use ui::kit::{self, Columns};
use ui::{ThreadClass, ThreadFigures, ThreadState};

/// What a column shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Column {
    Name,
    Id,
    State,
    Level,
    Cpu,
    Load,
    Time,
}

impl Column {
    pub(super) const ALL: [Column; 7] =
        [Column::Name, Column::Id, Column::State, Column::Level, Column::Cpu, Column::Load, Column::Time];
}

/// How they look, in the same order.
pub(super) const COLUMNS: &[kit::Column] = &[
    kit::Column { title: "Name", width: 0, is_number: false, starts_descending: false },
    kit::Column { title: "ID", width: 56, is_number: true, starts_descending: false },
    kit::Column { title: "State", width: 88, is_number: false, starts_descending: false },
    // A real-time thread that was late: `rt0 (3 late)`.
    kit::Column { title: "Level", width: 96, is_number: false, starts_descending: false },
    kit::Column { title: "CPU", width: 56, is_number: true, starts_descending: false },
    kit::Column { title: "Load", width: 76, is_number: true, starts_descending: true },
    kit::Column { title: "Time", width: 76, is_number: true, starts_descending: true },
];

/// One thread as shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Row {
    pub(super) name: String,
    pub(super) id: u64,
    pub(super) state: ThreadState,
    pub(super) class: ThreadClass,
    pub(super) cpu: usize,
    /// Share of one CPU since the last look, in tenths of a per cent.
    pub(super) load: u32,
    pub(super) cpu_time_ms: u64,
}

impl Row {
    pub(super) fn text(&self, column: Column) -> String {
        match column {
            Column::Name => self.name.clone(),
            Column::Id => self.id.to_string(),
            Column::State => self.state.name().to_string(),
            Column::Level => self.class.to_string(),
            Column::Cpu => self.cpu.to_string(),
            Column::Load => format!("{}.{} %", self.load / 10, self.load % 10),
            Column::Time => units::cpu_time(self.cpu_time_ms),
        }
    }
}

/// The rows, in order.
pub(super) struct Table {
    pub(super) rows: Vec<Row>,
    pub(super) columns: Columns,
    /// CPU time of each thread at the last look.
    before: BTreeMap<u64, u64>,
    looked_at_ms: Option<u64>,
}

impl Table {
    pub(super) fn new() -> Table {
        Table {
            rows: Vec::new(),
            columns: Columns::new(COLUMNS, Column::Load as usize),
            before: BTreeMap::new(),
            looked_at_ms: None,
        }
    }

    /// Takes new figures.
    pub(super) fn update(&mut self, threads: &[ThreadFigures], now_ms: u64) {
        let elapsed = self.looked_at_ms.map_or(0, |before| now_ms.saturating_sub(before));
        self.rows = threads
            .iter()
            .filter(|thread| !is_idle(thread))
            .map(|thread| {
                // A thread that was not there used all its time since.
                let before = self.before.get(&thread.id).copied().unwrap_or(0);
                let used = thread.cpu_time_ms.saturating_sub(before);
                let load = used.saturating_mul(1000).checked_div(elapsed).unwrap_or(0);
                Row {
                    name: thread.name.clone(),
                    id: thread.id,
                    state: thread.state,
                    class: thread.class,
                    cpu: thread.cpu,
                    load: load.min(1000) as u32,
                    cpu_time_ms: thread.cpu_time_ms,
                }
            })
            .collect();
        self.before = threads.iter().map(|thread| (thread.id, thread.cpu_time_ms)).collect();
        self.looked_at_ms = Some(now_ms);
        self.sort();
    }

    /// Sorts by a column; the same one again turns the order round.
    pub(super) fn sort_by(&mut self, index: usize) {
        self.columns.sort_by(index);
        self.sort();
    }

    fn sort(&mut self) {
        let (index, descending) = self.columns.order();
        let column = Column::ALL.get(index).copied().unwrap_or(Column::Load);
        self.rows.sort_by(|left, right| {
            let order = match column {
                Column::Name => left.name.cmp(&right.name),
                Column::Id => left.id.cmp(&right.id),
                Column::State => left.state.name().cmp(right.state.name()),
                // The most urgent first.
                Column::Level => left.class.cmp(&right.class),
                Column::Cpu => left.cpu.cmp(&right.cpu),
                // Equal loads, mostly zeros, go by time, so that idle threads don't jump about.
                Column::Load => (left.load, left.cpu_time_ms).cmp(&(right.load, right.cpu_time_ms)),
                Column::Time => left.cpu_time_ms.cmp(&right.cpu_time_ms),
            };
            let order = if descending { order.reverse() } else { order };
            order.then(left.id.cmp(&right.id))
        });
    }
}

/// The kernel's idle threads, `idle/0` and so on, run when nothing else does: their load is the
/// opposite of load, and the bars show it already.
fn is_idle(thread: &ThreadFigures) -> bool {
    thread.name.starts_with("idle/")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn thread(id: u64, name: &str, cpu_time_ms: u64) -> ThreadFigures {
        ThreadFigures {
            id,
            process: 1,
            name: name.to_string(),
            state: ThreadState::Ready,
            class: ThreadClass::Ordinary { level: 0 },
            cpu: 0,
            cpu_time_ms,
        }
    }

    fn ids(table: &Table) -> Vec<u64> {
        table.rows.iter().map(|row| row.id).collect()
    }

    #[test]
    fn the_busiest_comes_first_and_loads_are_shares_of_the_last_second() {
        let mut table = Table::new();
        table.update(&[thread(1, "a", 5000), thread(2, "b", 100), thread(3, "c", 100)], 10_000);
        assert!(table.rows.iter().all(|row| row.load == 0), "nothing to compare with yet");
        table.update(&[thread(1, "a", 5000), thread(2, "b", 600), thread(3, "c", 101)], 11_000);
        assert_eq!(ids(&table), [2, 3, 1]);
        assert_eq!(table.rows[0].text(Column::Load), "50.0 %");
        assert_eq!(table.rows[1].text(Column::Load), "0.1 %");
    }

    #[test]
    fn idling_is_no_work() {
        let mut table = Table::new();
        table.update(&[thread(1, "idle/0", 5000), thread(2, "b", 100)], 10_000);
        assert_eq!(ids(&table), [2]);
    }

    #[test]
    fn levels_go_from_the_most_urgent_down() {
        let mut table = Table::new();
        let mut threads = [thread(1, "a", 0), thread(2, "b", 0), thread(3, "c", 0), thread(4, "d", 0)];
        threads[0].class = ThreadClass::Ordinary { level: 5 };
        threads[2].class = ThreadClass::Realtime { priority: 2, misses: 0 };
        threads[3].class = ThreadClass::Realtime { priority: 0, misses: 3 };
        table.update(&threads, 0);
        table.sort_by(Column::Level as usize);
        let shown: Vec<String> = table.rows.iter().map(|row| row.text(Column::Level)).collect();
        assert_eq!(shown, ["rt0 (3 late)", "rt2", "0", "5"]);
    }

    #[test]
    fn each_column_sorts_and_turns_round() {
        let mut table = Table::new();
        table.update(&[thread(2, "c", 1), thread(1, "b", 3), thread(3, "a", 2)], 0);
        for (column, first, second) in [
            (Column::Name, [3, 1, 2], [2, 1, 3]),
            (Column::Id, [1, 2, 3], [3, 2, 1]),
            (Column::Time, [1, 3, 2], [2, 3, 1]),
            (Column::State, [1, 2, 3], [1, 2, 3]),
        ] {
            table.sort_by(column as usize);
            assert_eq!(ids(&table), first, "{column:?}");
            table.sort_by(column as usize);
            assert_eq!(ids(&table), second, "{column:?} again");
        }
    }
}
