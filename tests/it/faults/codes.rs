//! What the writer does about each error that a PostgreSQL server can tell: a trigger raises them, some of them only the first few times.

use jinfu::clock::{Chance, Clock};
use jinfu::domain::decide::Outcome;
use jinfu::ledger::{Answer, Error, Ledger, Trouble};

use crate::faults::{NOW, cash, id, open_village};
use crate::harness::{Database, Engine, Standby, on_both, on_both_in_turn};

/// How many commands the batch has.
const COMMANDS: u64 = 5;

// A sequence counts on when its transaction is rolled back.
const TRIGGER: &str = "
create table fault (command_id uuid not null, code text not null, times bigint not null);
create sequence tried;
create function fail() returns trigger language plpgsql security definer as $$
declare wanted fault%rowtype;
begin
    select * into wanted from fault where fault.command_id = new.command_id;
    if found and nextval('tried') <= wanted.times then
        raise exception 'fault' using errcode = wanted.code;
    end if;
    return new;
end $$;
create trigger fail before insert on journal_entry for each row execute function fail();
";

/// Arms the trigger for the third command of a batch, and gives the batch to the ledger.
async fn submit_batch(
    database: &Database,
    ledger: &Ledger,
    first: u64,
    (sqlstate, times): (&str, u64),
) -> Vec<Answer> {
    let third = id(first + 2);
    database
        .execute(&format!(
            "delete from fault; select setval('tried', 1, false); insert into fault values ('{third}', '{sqlstate}', {times})"
        ))
        .await;
    let mut pending = Vec::new();
    for number in first..first + COMMANDS {
        pending.push(ledger.enqueue(cash(number)).await.unwrap());
    }
    let mut answers = Vec::new();
    for pending in pending {
        answers.push(pending.answer().await);
    }
    answers
}

/// What became of a command, in a word.
fn word(answer: &Answer) -> &'static str {
    match answer {
        Ok(Outcome::Recorded(recorded)) if !recorded.replayed => "recorded",
        Err(Error::Unavailable(Trouble::Failed { .. })) => "failed",
        Err(Error::Unavailable(Trouble::Busy { .. })) => "busy",
        Err(Error::Unavailable(Trouble::DiskFull { .. })) => "full",
        Err(Error::Unavailable(Trouble::Unreachable { .. })) => "unreachable",
        Err(Error::Unavailable(Trouble::OutcomeUnknown { .. })) => "unknown",
        Err(Error::Unavailable(Trouble::WriterStopped { .. })) => "stopped",
        other => panic!("{other:?}"),
    }
}

#[test]
fn every_code_of_the_server_is_met_in_its_own_way() {
    on_both_in_turn(async |engine| {
        if engine == Engine::Sqlite {
            return;
        }
        let database = Database::new(engine).await;
        let mut ledger = database.open(NOW, 1).await;
        open_village(&ledger).await;
        database.execute(TRIGGER).await;
        // Code, how often it is raised, what the third command is told, what the others are told.
        let cases = [
            ("40001", 4, "recorded", "recorded"),
            ("40P01", 3, "recorded", "recorded"),
            ("55P03", 1, "recorded", "recorded"),
            ("57014", 1, "recorded", "recorded"),
            ("40001", 99, "busy", "busy"),
            ("57P01", 4, "recorded", "recorded"),
            ("08006", 99, "unreachable", "unreachable"),
            ("53100", 1, "full", "full"),
            ("53200", 1, "failed", "failed"),
            ("P0001", 1, "recorded", "recorded"),
            ("23514", 99, "failed", "recorded"),
            ("22012", 99, "failed", "recorded"),
            ("42501", 99, "failed", "recorded"),
            ("XX000", 99, "failed", "recorded"),
            ("58030", 1, "unknown", "unknown"),
            ("XX001", 1, "unknown", "unknown"),
            ("XX002", 1, "unknown", "unknown"),
        ];
        for (case, (code, times, third, others)) in (0..).zip(cases) {
            let first = case * 100;
            let answers = submit_batch(&database, &ledger, first, (code, times)).await;
            let told: Vec<_> = answers.iter().map(word).collect();
            assert_eq!(
                told,
                [others, others, third, others, others],
                "{code} {times}"
            );
            if third == "unknown" {
                let next = ledger.submit(cash(first)).await;
                assert_eq!(word(&next), "stopped", "{code}: a later command");
                let stopped = Err(ledger.stopped().await);
                assert_eq!(word(&stopped), "stopped", "{code}: the ledger says so");
                let closed = Err(ledger.close().await.unwrap_err());
                assert_eq!(word(&closed), "stopped", "{code}: closing says so");
                ledger = database.open(NOW, case + 2).await;
            }
            // Whatever was told: what failed left nothing behind, and the service goes on.
            database.execute("delete from fault").await;
            for (number, told) in (first..).zip(told) {
                let answer = ledger.submit(cash(number)).await;
                let is_replayed = matches!(&answer, Ok(Outcome::Recorded(again)) if again.replayed);
                assert_eq!(is_replayed, told == "recorded", "{code}: {answer:?}");
            }
        }
        database
            .execute("drop trigger fail on journal_entry; drop function fail; drop table fault; drop sequence tried")
            .await;
        database.close(ledger).await;
    });
}

#[test]
fn a_session_that_the_server_ended_is_replaced_without_a_word() {
    on_both(async |engine| {
        if engine == Engine::Sqlite {
            return;
        }
        let database = Database::new(engine).await;
        let ledger = database.open(NOW, 1).await;
        open_village(&ledger).await;
        for number in 0..5 {
            database
                .execute("select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()")
                .await;
            assert_eq!(word(&ledger.submit(cash(number)).await), "recorded");
        }
        database.close(ledger).await;
    });
}

#[test]
fn a_standby_is_not_written_to() {
    on_both(async |engine| {
        if engine == Engine::Sqlite {
            return;
        }
        let standby = Standby::start().await;
        let opened = Ledger::open(&standby.url(), Clock::System, Chance::System).await;
        assert_eq!(opened.err(), Some(Error::Unavailable(Trouble::Standby)));
    });
}
