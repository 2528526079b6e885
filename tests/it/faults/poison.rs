//! A command that the database refuses hurts no other command of its batch.

use jinfu::domain::decide::Outcome;
use jinfu::ledger::{Answer, Error, Ledger, Trouble};
use uuid::Uuid;

use crate::faults::{NOW, cash, code, id, open_village, pickup};
use crate::harness::{Database, Engine, on_both_in_turn};

/// How many commands the batch has, and at how many positions the poison is put.
const COMMANDS: u64 = 50;

/// A trigger refuses the entries whose ids stand in a table.
pub(super) const SQLITE_TRIGGER: &str = "
create table poison (command_id blob not null) strict;
create trigger poisoned before insert on journal_entry
when exists (select 1 from poison where poison.command_id = new.command_id)
begin select raise(abort, 'poisoned'); end;
";
const POSTGRES_TRIGGER: &str = "
create table poison (command_id uuid not null);
create function poisoned() returns trigger language plpgsql security definer as $$ begin
    if exists (select 1 from poison where poison.command_id = new.command_id) then raise exception 'poisoned'; end if;
    return new;
end $$;
create trigger poisoned before insert on journal_entry for each row execute function poisoned();
";

async fn poison(database: &Database, engine: Engine, ids: &[Uuid]) {
    let literal = |id: &Uuid| match engine {
        Engine::Sqlite => format!("(x'{}')", id.simple()),
        Engine::Postgres => format!("('{id}')"),
    };
    let rows: Vec<String> = ids.iter().map(literal).collect();
    let sql = format!(
        "delete from poison; insert into poison values {}",
        rows.join(",")
    );
    database.execute(&sql).await;
}

/// Gives a batch to the ledger, every command before the first is looked at.
async fn submit_batch(ledger: &Ledger, first: u64) -> Vec<Answer> {
    let mut pending = Vec::new();
    for number in first..first + COMMANDS {
        let request = if number % 2 == 0 {
            pickup(number)
        } else {
            cash(number)
        };
        pending.push(ledger.enqueue(request).await.unwrap());
    }
    let mut answers = Vec::new();
    for pending in pending {
        answers.push(pending.answer().await);
    }
    answers
}

fn is_recorded(answer: &Answer) -> bool {
    matches!(answer, Ok(Outcome::Recorded(recorded)) if !recorded.replayed)
}

fn is_poisoned(answer: &Answer) -> bool {
    matches!(answer, Err(Error::Unavailable(Trouble::Failed { reason })) if reason.contains("poisoned"))
}

#[test]
fn a_poisonous_command_at_any_place_of_a_batch_fails_alone() {
    on_both_in_turn(async |engine| {
        let database = Database::new(engine).await;
        let ledger = database.open(NOW, 1).await;
        open_village(&ledger).await;
        let trigger = match engine {
            Engine::Sqlite => SQLITE_TRIGGER,
            Engine::Postgres => POSTGRES_TRIGGER,
        };
        database.execute(trigger).await;
        for position in 0..COMMANDS {
            let first = position * COMMANDS;
            poison(&database, engine, &[id(first + position)]).await;
            let before = ledger.head(&code()).await.unwrap().next_seq;
            let answers = submit_batch(&ledger, first).await;
            for (other, answer) in (0..).zip(&answers) {
                let is_right = if other == position {
                    is_poisoned(answer)
                } else {
                    is_recorded(answer)
                };
                assert!(
                    is_right,
                    "{engine:?} position {position}: {other} is {answer:?}"
                );
            }
            let after = ledger.head(&code()).await.unwrap().next_seq;
            assert_eq!(
                after - before,
                49,
                "{engine:?} position {position}: entries"
            );
        }
        // All of them poisonous, and then none: nothing of the failed ones was left behind.
        let first = COMMANDS * COMMANDS;
        let ids: Vec<Uuid> = (first..first + COMMANDS).map(id).collect();
        poison(&database, engine, &ids).await;
        assert!(submit_batch(&ledger, first).await.iter().all(is_poisoned));
        poison(&database, engine, &[id(u64::MAX >> 20)]).await;
        assert!(submit_batch(&ledger, first).await.iter().all(is_recorded));
        let clean = match engine {
            Engine::Sqlite => "drop trigger poisoned; drop table poison",
            Engine::Postgres => {
                "drop trigger poisoned on journal_entry; drop function poisoned; drop table poison"
            }
        };
        database.execute(clean).await;
        database.close(ledger).await;
    });
}
