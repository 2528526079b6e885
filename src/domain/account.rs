//! The accounts of the book (rules, section 11). The statutory code of each is village data; these codes are the scheme's own.

use serde::{Deserialize, Serialize};

/// Defines the accounts once: variant, code, meaning.
macro_rules! accounts {
    ($($(#[$doc:meta])* $name:ident = $code:literal,)*) => {
        /// An account. A balance is kept per account and subject: the household, material, collector or custodian it concerns.
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Hash, Serialize, Deserialize)]
        pub enum Account {
            $($(#[$doc])* #[serde(rename = $code)] $name,)*
        }

        impl Account {
            /// Every account, in the order of the codes.
            pub const ALL: &'static [Account] = &[$(Account::$name,)*];

            /// The account's code.
            pub const fn code(self) -> &'static str {
                match self {
                    $(Account::$name => $code,)*
                }
            }
        }
    };
}

accounts! {
    /// Cash on hand (库存现金), by custodian.
    CashOnHand = "1001",
    /// Bank (银行存款).
    Bank = "1002",
    /// Cash in transit (回收员代收在途), by collector.
    CashInTransit = "1003",
    /// Fee receivable (应收卫生费), by household.
    FeeReceivable = "1122",
    /// Buyer receivable (应收收购商), by buyer.
    BuyerReceivable = "1131",
    /// Receivable from another village (村际往来).
    IntervillageReceivable = "1261",
    /// Goods in transit (在途废品), by material.
    GoodsInTransit = "1404",
    /// Recyclables in stock (库存可回收物), by material.
    RecyclablesStock = "1405",
    /// Household credit (应付户抵扣款), by household.
    HouseholdCredit = "2202",
    /// Fee advance (预收卫生费), by household.
    FeeAdvance = "2203",
    /// Collector payable (应付回收员报酬), by collector.
    CollectorPayable = "2211",
    /// Payable to another village (村际往来).
    IntervillagePayable = "2261",
    /// Special fund (专项应付款—两型专项资金).
    SpecialFund = "2401",
    /// Accumulated fund (公积公益金).
    AccumulatedFund = "3101",
    /// Opening clearing (期初过渡); zero once the opening is complete.
    OpeningClearing = "3190",
    /// Fee income (卫生费收入). Kept by household, so that charges can be reported by group.
    FeeIncome = "5001",
    /// Fee waiver (卫生费减免). Kept by household, as fee income.
    FeeWaiver = "5002",
    /// Scrap sales (废品销售收入), by material.
    ScrapSales = "5011",
    /// Subsidy income (补助收入).
    SubsidyIncome = "5021",
    /// Other income (其他收入).
    OtherIncome = "5099",
    /// Cost of scrap sold (废品销售成本), by material.
    CostOfScrap = "5401",
    /// Stock loss (损耗盘亏), by material.
    StockLoss = "5403",
    /// Collector pay (回收员报酬), by collector.
    CollectorPay = "5404",
    /// Operating expense (站点运行支出).
    OperatingExpense = "5405",
    /// Fee write-off (卫生费核销).
    FeeWriteOff = "5406",
    /// Rounding (尾差).
    Rounding = "5407",
}

impl Account {
    /// The account with that code.
    pub fn from_code(code: &str) -> Option<Account> {
        Account::ALL
            .iter()
            .copied()
            .find(|account| account.code() == code)
    }

    /// Whether the account's subject is a household.
    pub const fn is_by_household(self) -> bool {
        matches!(
            self,
            Account::FeeReceivable
                | Account::HouseholdCredit
                | Account::FeeAdvance
                | Account::FeeIncome
                | Account::FeeWaiver
        )
    }

    /// Whether a balance is kept for each subject. Of fee income and waivers only the months are: nobody asks what a household was ever
    /// charged, and a run would write a row for each.
    const fn has_balance_by_subject(self) -> bool {
        !matches!(self, Account::FeeIncome | Account::FeeWaiver)
    }
}

/// An account and the subject it concerns; the subject is empty where the account has none.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug, Hash)]
pub struct AccountRef {
    /// The account.
    pub account: Account,
    /// Household number, material code, collector or custodian; or empty.
    pub subject: String,
}

impl AccountRef {
    /// The account and subject whose balance it moves.
    pub(crate) fn balanced(&self) -> AccountRef {
        if self.account.has_balance_by_subject() {
            self.clone()
        } else {
            self.account.alone()
        }
    }
}

impl Account {
    /// This account for a subject.
    pub fn of(self, subject: impl AsRef<str>) -> AccountRef {
        AccountRef {
            account: self,
            subject: subject.as_ref().to_owned(),
        }
    }

    /// This account without a subject.
    pub fn alone(self) -> AccountRef {
        self.of("")
    }
}
