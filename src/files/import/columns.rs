//! The tables of a folder and their columns, with every name by which they are known in English and Chinese.

use crate::files::import::cells::half_width;

/// What the cells of a column are, which decides how they are read.
#[derive(Clone, Copy, Debug)]
pub(super) enum Kind {
    /// A name or remark, kept as it is written.
    Name,
    /// A number or code of something, such as a household number.
    Code,
    /// A figure.
    Number,
    /// A day.
    Date,
    /// An instant; Shanghai time where no offset is written, the start of the day where no time is.
    Time,
    /// A month.
    Month,
    /// One of some words, each Chinese one with the word that the domain knows.
    Word(&'static [(&'static str, &'static str)]),
}

/// A column of a table.
#[derive(Debug)]
pub(super) struct Column {
    pub(super) name: &'static str,
    pub(super) kind: Kind,
    pub(super) is_needed: bool,
    /// Its Chinese names as [`plain`] leaves them, the usual one first.
    pub(super) chinese: &'static [&'static str],
}

/// A table of the folder: a file or a sheet.
#[derive(Debug)]
pub(super) struct Table {
    pub(super) name: &'static str,
    pub(super) chinese: &'static str,
    pub(super) is_optional: bool,
    pub(super) columns: &'static [Column],
}

impl Table {
    /// Whether a file without its ending, or a sheet, is this table.
    pub(super) fn is_named(&self, name: &str) -> bool {
        let name = plain(name);
        name == self.name || name == self.chinese
    }

    /// How many columns it cannot do without.
    pub(super) fn needed(&self) -> usize {
        self.columns
            .iter()
            .filter(|column| column.is_needed)
            .count()
    }

    /// The column that a cell of a header names.
    pub(super) fn column(&self, header: &str) -> Option<&'static Column> {
        let header = plain(header);
        self.columns
            .iter()
            .find(|column| column.name == header || column.chinese.contains(&header.as_str()))
    }
}

/// A name without what writing it by hand adds: spaces, line breaks, capitals, full-width letters and brackets.
pub(super) fn plain(name: &str) -> String {
    half_width(name)
        .chars()
        .filter(|char| !char.is_whitespace())
        .flat_map(char::to_lowercase)
        .collect()
}

const fn needed(name: &'static str, kind: Kind, chinese: &'static [&'static str]) -> Column {
    Column {
        name,
        kind,
        is_needed: true,
        chinese,
    }
}

const fn possible(name: &'static str, kind: Kind, chinese: &'static [&'static str]) -> Column {
    Column {
        name,
        kind,
        is_needed: false,
        chinese,
    }
}

const UNITS: Kind = Kind::Word(&[
    ("公斤", "kg"),
    ("千克", "kg"),
    ("斤", "jin"),
    ("市斤", "jin"),
    ("个", "piece"),
]);
const FLAGS: Kind = Kind::Word(&[("是", "yes"), ("否", "no")]);
const HOUSEHOLD_KINDS: Kind = Kind::Word(&[("常住", "resident"), ("非本村户籍", "non_registered")]);
const OPENING_KINDS: Kind = Kind::Word(&[
    ("抵扣款", "credit"),
    ("应收", "charge"),
    ("应收卫生费", "charge"),
    ("库存", "stock"),
]);

/// The welfare categories of the contract. A village may have categories of its own, in any words.
pub(super) const WAIVERS: [(&str, &str); 3] = [
    ("特困", "destitute"),
    ("低保", "low_income"),
    ("重残", "disabled"),
];

const MATERIAL: Column = needed("material", Kind::Code, &["品类", "品类编码"]);
const HOUSEHOLD: Column = needed("household_no", Kind::Code, &["户号"]);
const AMOUNT: Column = needed("amount", Kind::Number, &["金额", "金额(元)"]);

pub(super) const MATERIALS: Table = Table {
    name: "materials",
    chinese: "品类",
    is_optional: false,
    columns: &[
        needed("code", Kind::Code, &["编码", "品类编码"]),
        needed("name", Kind::Name, &["名称", "品类名称"]),
        possible("name_en", Kind::Name, &["英文名", "英文名称"]),
        needed("unit", UNITS, &["单位"]),
        possible("hazardous", FLAGS, &["有害"]),
        possible("needs_identity", FLAGS, &["需实名"]),
    ],
};

pub(super) const HOUSEHOLDS: Table = Table {
    name: "households",
    chinese: "住户",
    is_optional: false,
    columns: &[
        HOUSEHOLD,
        needed("group", Kind::Code, &["组", "组别"]),
        possible("head", Kind::Name, &["户主", "户主姓名"]),
        needed("headcount", Kind::Number, &["人口", "人口数"]),
        possible("kind", HOUSEHOLD_KINDS, &["户类型"]),
        possible("waiver", Kind::Name, &["减免", "减免类别"]),
        possible("moved_in", Kind::Date, &["迁入", "迁入日期"]),
        possible("moved_out", Kind::Date, &["迁出", "迁出日期"]),
        possible("vacant_since", Kind::Date, &["外出起", "外出起始"]),
        possible("save_up", FLAGS, &["积攒"]),
    ],
};

pub(super) const PRICES: Table = Table {
    name: "prices",
    chinese: "价格",
    is_optional: false,
    columns: &[
        needed(
            "effective_from",
            Kind::Time,
            &["生效时间", "生效日期", "生效"],
        ),
        MATERIAL,
        needed(
            "price",
            Kind::Number,
            &[
                "单价",
                "单价(元)",
                "单价(元/公斤)",
                "单价(元/个)",
                "单价(元/公斤或元/个)",
                "单价(元/公斤、元/个)",
            ],
        ),
        possible("per", Kind::Number, &["每", "每(个)"]),
    ],
};

pub(super) const PICKUPS: Table = Table {
    name: "pickups",
    chinese: "回收",
    is_optional: true,
    columns: &[
        needed("pickup_no", Kind::Code, &["单号", "回收单号"]),
        needed(
            "occurred_at",
            Kind::Time,
            &["时间", "日期", "回收时间", "回收日期"],
        ),
        HOUSEHOLD,
        needed("collector", Kind::Code, &["回收员"]),
        MATERIAL,
        needed("gross", Kind::Number, &["毛重"]),
        possible("tare", Kind::Number, &["皮重"]),
        needed("unit", UNITS, &["单位"]),
        possible("deduction", Kind::Number, &["扣杂‰", "扣杂", "扣杂(‰)"]),
    ],
};

pub(super) const CASH: Table = Table {
    name: "cash",
    chinese: "收款",
    is_optional: true,
    columns: &[
        needed(
            "received_at",
            Kind::Time,
            &["时间", "日期", "收款时间", "收款日期"],
        ),
        HOUSEHOLD,
        AMOUNT,
    ],
};

pub(super) const OPENING: Table = Table {
    name: "opening",
    chinese: "期初",
    is_optional: true,
    columns: &[
        needed("kind", OPENING_KINDS, &["类别"]),
        needed("subject", Kind::Code, &["对象"]),
        possible("period", Kind::Month, &["账期"]),
        AMOUNT,
        possible("quantity", Kind::Number, &["数量"]),
    ],
};

/// Every table that a folder may have.
pub(super) const TABLES: [&Table; 6] =
    [&MATERIALS, &HOUSEHOLDS, &PRICES, &PICKUPS, &CASH, &OPENING];
