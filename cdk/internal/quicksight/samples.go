package quicksight

// samplesVisuals returns the visuals of the sheet about single samples. They show the calculated fields of its data set.
func samplesVisuals(set DataSet) []visual {
	calculatedColumn := func(name string) object { return object{"DataSetIdentifier": set.ID, "ColumnName": name} }
	category := func(id, name string) object {
		return object{"CategoricalDimensionField": object{"FieldId": id + "." + name, "Column": calculatedColumn(name)}}
	}
	overTime := func(id, title, question, column string) visual {
		f := fields{id, set}
		at := f.place(set.column("event_time"))
		at["DateGranularity"] = "MINUTE"
		return visual{
			id: id, kind: "LineChartVisual", title: title, question: question, width: sheetWidth / 2, height: chartHeight,
			configuration: lineChart("LINE", nil, object{
				"Category": []any{object{"DateDimensionField": at}},
				"Colors":   []any{f.dimension("hostname")},
				"Values": []any{object{"NumericalMeasureField": object{
					"FieldId": f.id(column), "Column": calculatedColumn(column),
					"AggregationFunction": object{"SimpleNumericalAggregation": "AVERAGE"},
					"FormatConfiguration": object{"FormatConfiguration": object{
						"NumberDisplayFormatConfiguration": format("bytes_per_s"),
					}},
				}}},
			}),
		}
	}
	classes := fields{"samples-classes", set}
	return []visual{
		overTime("samples-throughput", "Total throughput", "How much do hosts send and receive together?", totalThroughput),
		overTime("samples-disk-io", "Total disk I/O", "How much do hosts read and write together?", totalDiskIO),
		{
			id: classes.visual, kind: "HeatMapVisual", title: "Load classes", width: sheetWidth / 2, height: chartHeight,
			question: "How many hosts had which load of CPU and of memory?",
			configuration: object{"FieldWells": object{"HeatMapAggregatedFieldWells": object{
				"Rows":    []any{category(classes.visual, cpuClass)},
				"Columns": []any{category(classes.visual, memoryClass)},
				"Values": []any{object{"CategoricalMeasureField": object{
					"FieldId": classes.id("hosts"), "Column": set.column("hostname").identifier(set),
					"AggregationFunction": "DISTINCT_COUNT",
				}}},
			}}},
		},
	}
}
