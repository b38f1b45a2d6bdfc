//! A table: rows become groups of columns.

use std::io::{self, Write};
use std::sync::Arc;

use parquet::basic::{Compression, LogicalType, Repetition, TimeUnit, Type as Physical};
use parquet::data_type::{BoolType, ByteArray, ByteArrayType, DoubleType, Int64Type};
use parquet::errors::ParquetError;
use parquet::file::properties::WriterProperties;
use parquet::file::writer::{SerializedColumnWriter, SerializedFileWriter};
use parquet::schema::types::Type;

/// Rows in a group: few enough that a group of the widest table takes some tens of megabytes.
pub(super) const ROWS_IN_GROUP: usize = 1 << 15;

/// What a column holds. Any of it may be null.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// A whole number.
    Whole,
    /// A number.
    Real,
    /// Text in UTF-8.
    Text,
    /// True or false.
    Truth,
    /// A moment, nanoseconds since 1970 UTC.
    Moment,
}

/// A column.
#[derive(Clone, Copy, Debug)]
pub(super) struct Column {
    pub(super) name: &'static str,
    pub(super) kind: Kind,
}

/// One value of a row; `None` is null.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Cell {
    Whole(Option<i64>),
    Real(Option<f64>),
    Text(Option<String>),
    Truth(Option<bool>),
}

/// The values of one column that are not written yet.
#[derive(Debug)]
struct Pending {
    /// 1 for each row that has a value, 0 for null.
    present: Vec<i16>,
    values: Values,
}

#[derive(Debug)]
enum Values {
    Whole(Vec<i64>),
    Real(Vec<f64>),
    Text(Vec<ByteArray>),
    Truth(Vec<bool>),
}

/// A table that is being written.
pub(super) struct Table<W: Write + Send> {
    writer: SerializedFileWriter<W>,
    columns: &'static [Column],
    pending: Vec<Pending>,
    rows: usize,
}

impl<W: Write + Send> Table<W> {
    pub(super) fn begin(name: &str, columns: &'static [Column], out: W) -> io::Result<Self> {
        let fields = columns.iter().map(|column| field(column).map(Arc::new)).collect::<Result<_, _>>();
        let schema = fields.and_then(|fields| Type::group_type_builder(name).with_fields(fields).build());
        let properties = WriterProperties::builder()
            .set_compression(Compression::SNAPPY)
            .set_created_by(concat!("synfin ", env!("CARGO_PKG_VERSION")).to_owned())
            .build();
        let writer = schema
            .and_then(|schema| SerializedFileWriter::new(out, Arc::new(schema), Arc::new(properties)))
            .map_err(as_io)?;
        let pending = columns.iter().map(Pending::of).collect();
        Ok(Self { writer, columns, pending, rows: 0 })
    }

    /// Adds a row: a cell for each column, in their order.
    pub(super) fn put(&mut self, row: Vec<Cell>) -> io::Result<()> {
        assert_eq!(row.len(), self.columns.len(), "a row has a cell for each column");
        for (pending, cell) in self.pending.iter_mut().zip(row) {
            pending.push(cell);
        }
        self.rows += 1;
        if self.rows == ROWS_IN_GROUP { self.write_group() } else { Ok(()) }
    }

    fn write_group(&mut self) -> io::Result<()> {
        let mut group = self.writer.next_row_group().map_err(as_io)?;
        for pending in &mut self.pending {
            let mut column = group.next_column().map_err(as_io)?.expect("there are as many as in the schema");
            pending.write(&mut column).map_err(as_io)?;
            column.close().map_err(as_io)?;
        }
        self.rows = 0;
        group.close().map(drop).map_err(as_io)
    }

    /// Writes what is left, and the end of the file.
    pub(super) fn end(mut self) -> io::Result<()> {
        if self.rows > 0 {
            self.write_group()?;
        }
        self.writer.close().map(drop).map_err(as_io)
    }
}

impl Pending {
    fn of(column: &Column) -> Self {
        let values = match column.kind {
            Kind::Whole | Kind::Moment => Values::Whole(Vec::new()),
            Kind::Real => Values::Real(Vec::new()),
            Kind::Text => Values::Text(Vec::new()),
            Kind::Truth => Values::Truth(Vec::new()),
        };
        Self { present: Vec::new(), values }
    }

    fn push(&mut self, cell: Cell) {
        let is_there = match (&mut self.values, cell) {
            (Values::Whole(values), Cell::Whole(value)) => value.map(|value| values.push(value)),
            (Values::Real(values), Cell::Real(value)) => value.map(|value| values.push(value)),
            (Values::Text(values), Cell::Text(value)) => {
                value.map(|value| values.push(ByteArray::from(value.into_bytes())))
            }
            (Values::Truth(values), Cell::Truth(value)) => value.map(|value| values.push(value)),
            (values, cell) => panic!("{cell:?} stands where the column holds {values:?}"),
        };
        self.present.push(i16::from(is_there.is_some()));
    }

    fn write(&mut self, column: &mut SerializedColumnWriter<'_>) -> Result<(), ParquetError> {
        let present = Some(&self.present[..]);
        match &mut self.values {
            Values::Whole(values) => {
                column.typed::<Int64Type>().write_batch(values, present, None)?;
                values.clear();
            }
            Values::Real(values) => {
                column.typed::<DoubleType>().write_batch(values, present, None)?;
                values.clear();
            }
            Values::Text(values) => {
                column.typed::<ByteArrayType>().write_batch(values, present, None)?;
                values.clear();
            }
            Values::Truth(values) => {
                column.typed::<BoolType>().write_batch(values, present, None)?;
                values.clear();
            }
        }
        self.present.clear();
        Ok(())
    }
}

fn field(column: &Column) -> Result<Type, ParquetError> {
    let (physical, logical) = match column.kind {
        Kind::Whole => (Physical::INT64, None),
        Kind::Real => (Physical::DOUBLE, None),
        Kind::Text => (Physical::BYTE_ARRAY, Some(LogicalType::String)),
        Kind::Truth => (Physical::BOOLEAN, None),
        Kind::Moment => (Physical::INT64, Some(LogicalType::timestamp(true, TimeUnit::NANOS))),
    };
    Type::primitive_type_builder(column.name, physical)
        .with_repetition(Repetition::OPTIONAL)
        .with_logical_type(logical)
        .build()
}

fn as_io(error: ParquetError) -> io::Error {
    match error {
        ParquetError::External(error) => match error.downcast::<io::Error>() {
            Ok(error) => *error,
            Err(error) => io::Error::other(error),
        },
        error => io::Error::other(error),
    }
}
