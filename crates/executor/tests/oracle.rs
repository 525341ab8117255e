//! The executor against a model of a few lines: tasks of random steps, woken, cancelled and put to sleep at random, on a
//! clock that is set by hand. After each round both must agree on who was polled, in which order, and on who is over.

mod support;

use fastrand::Rng;
use std::collections::VecDeque;
use std::future::{Future, poll_fn};
use std::sync::{Arc, Mutex};
use std::task::{Poll, Waker};

use executor::Executor;
use support::{Simulated, executor, set_now};

/// What a task does next.
#[derive(Clone, Copy, Debug)]
enum Step {
    /// Waits until it is woken from outside.
    Wait,
    SleepUntil(u64),
    /// Wakes itself, three times over, and goes on at its next turn.
    WakeSelf,
}

/// What the tasks tell the test.
#[derive(Default)]
struct Board {
    polled: Vec<usize>,
    wakers: Vec<Option<Waker>>,
}

/// Ready at its second poll, whoever caused it.
async fn one_more_poll(before: impl Fn(&Waker)) {
    let mut polled = false;
    poll_fn(|context| {
        if std::mem::replace(&mut polled, true) {
            return Poll::Ready(());
        }
        before(context.waker());
        Poll::Pending
    })
    .await;
}

fn program(
    executor: Executor<Simulated>,
    number: usize,
    steps: Vec<Step>,
    board: Arc<Mutex<Board>>,
) -> impl Future<Output = usize> + Send {
    let mut work = Box::pin(async move {
        for step in steps {
            match step {
                Step::Wait => one_more_poll(|_| ()).await,
                Step::SleepUntil(moment) => executor.sleep_until_ns(moment).await,
                Step::WakeSelf => one_more_poll(|waker| (0..3).for_each(|_| waker.wake_by_ref())).await,
            }
        }
        number
    });
    poll_fn(move |context| {
        let mut board = board.lock().unwrap();
        board.polled.push(number);
        board.wakers[number] = Some(context.waker().clone());
        drop(board);
        work.as_mut().poll(context)
    })
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Doing {
    Waiting,
    Sleeping(u64),
    Queued,
    Over,
}

struct Model {
    steps: VecDeque<Step>,
    /// The first step has begun.
    begun: bool,
    doing: Doing,
    cancelled: bool,
}

#[derive(Default)]
struct World {
    tasks: Vec<Model>,
    queue: VecDeque<usize>,
    now: u64,
}

impl World {
    fn wake(&mut self, number: usize) {
        let doing = &mut self.tasks[number].doing;
        if matches!(doing, Doing::Waiting | Doing::Sleeping(_)) {
            *doing = Doing::Queued;
            self.queue.push_back(number);
        }
    }

    /// Who is polled in one round, in order.
    fn round(&mut self) -> Vec<usize> {
        let mut due: Vec<(u64, usize)> = Vec::new();
        for (number, task) in self.tasks.iter().enumerate() {
            if let Doing::Sleeping(until) = task.doing
                && until <= self.now
            {
                due.push((until, number));
            }
        }
        due.sort_unstable();
        due.into_iter().for_each(|(_, number)| self.wake(number));
        let mut polled = Vec::new();
        for _ in 0..self.queue.len() {
            let number = self.queue.pop_front().unwrap();
            if self.tasks[number].cancelled {
                self.tasks[number].doing = Doing::Over;
                continue;
            }
            polled.push(number);
            let doing = self.tasks[number].poll(self.now);
            self.tasks[number].doing = doing;
            if doing == Doing::Queued {
                self.queue.push_back(number);
            }
        }
        polled
    }
}

impl Model {
    fn poll(&mut self, now: u64) -> Doing {
        while let Some(step) = self.steps.front() {
            let begun = std::mem::replace(&mut self.begun, true);
            match *step {
                Step::Wait if !begun => return Doing::Waiting,
                Step::WakeSelf if !begun => return Doing::Queued,
                Step::SleepUntil(moment) if now < moment => return Doing::Sleeping(moment),
                _ => {}
            }
            self.steps.pop_front();
            self.begun = false;
        }
        Doing::Over
    }
}

#[test]
fn agrees_with_a_model_of_a_few_lines() {
    let mut polls = 0;
    for seed in 0..200 {
        polls += play(seed);
    }
    println!("{polls} polls");
    assert!(polls > 10_000);
}

fn play(seed: u64) -> usize {
    let mut random = Rng::with_seed(seed);
    let executor = executor();
    let board: Arc<Mutex<Board>> = Arc::default();
    let mut handles = Vec::new();
    let mut world = World::default();
    let mut polls = 0;
    for _ in 0..600 {
        let some = random.u64(..world.tasks.len().max(1) as u64) as usize;
        match random.u64(..8) {
            0 if world.tasks.len() < 50 => {
                let number = world.tasks.len();
                let mut step = || match random.u64(..3) {
                    0 => Step::Wait,
                    // No two alike: who is due at the same moment may come in any order.
                    1 => Step::SleepUntil((world.now + random.u64(..50)) * 64 + number as u64),
                    _ => Step::WakeSelf,
                };
                let steps: Vec<Step> = (0..number % 6).map(|_| step()).collect();
                board.lock().unwrap().wakers.push(None);
                let program = program(executor, number, steps.clone(), board.clone());
                handles.push(Some(executor.spawn("random", program).unwrap()));
                world.tasks.push(Model {
                    steps: steps.into(),
                    begun: false,
                    doing: Doing::Queued,
                    cancelled: false,
                });
                world.queue.push_back(number);
            }
            1 | 2 if !world.tasks.is_empty() => {
                let waker = board.lock().unwrap().wakers[some].clone();
                if let Some(waker) = waker {
                    (0..=random.u64(..3)).for_each(|_| waker.wake_by_ref());
                    world.wake(some);
                }
            }
            3 if !world.tasks.is_empty() && random.u64(..3) == 0 => {
                // By asking, or by dropping the handle.
                match &handles[some] {
                    Some(handle) if random.bool() => handle.cancel(),
                    Some(_) => handles[some] = None,
                    None => continue,
                }
                world.tasks[some].cancelled = true;
                world.wake(some);
            }
            4 => {
                world.now += random.u64(..600);
                set_now(world.now);
            }
            _ => {
                executor.run_round();
                let expected = world.round();
                let polled = std::mem::take(&mut board.lock().unwrap().polled);
                assert_eq!(polled, expected, "seed {seed}");
                polls += polled.len();
            }
        }
        compare(&executor, &world, &handles, seed);
    }
    // Everything is let go, and nothing of it stays.
    handles.clear();
    executor.run_round();
    board.lock().unwrap().wakers.clear();
    for _ in 0..world.tasks.len() {
        executor.spawn("collector", async {}).unwrap().detach();
        executor.run_round();
    }
    assert_eq!(executor.list(), [], "seed {seed}");
    assert_eq!(executor.next_deadline_ns(), u64::MAX, "seed {seed}: an alarm was left");
    polls
}

fn compare(
    executor: &Executor<Simulated>,
    world: &World,
    handles: &[Option<executor::JoinHandle<Simulated, usize>>],
    seed: u64,
) {
    assert_eq!(executor.has_ready(), !world.queue.is_empty(), "seed {seed}");
    for task in &world.tasks {
        if let Doing::Sleeping(until) = task.doing {
            // Or earlier: who was woken before its time keeps its alarm until it is polled.
            assert!(executor.next_deadline_ns() <= until, "seed {seed}: a sleeper has no alarm");
        }
    }
    for (handle, task) in handles.iter().zip(&world.tasks) {
        if let Some(handle) = handle {
            assert_eq!(handle.is_finished(), task.doing == Doing::Over, "seed {seed}");
        }
    }
}
