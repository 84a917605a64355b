// Simulation model of iCE40's PLL: the reference clock is taken for the core clock itself, and the lock
// comes after a few of its cycles. Frequencies and phases are not modelled. Yosys' library holds
// empty modules of these names.

module SB_PLL40_PAD (
    input PACKAGEPIN,
    output PLLOUTCORE,
    output PLLOUTGLOBAL,
    input EXTFEEDBACK,
    input [7:0] DYNAMICDELAY,
    output LOCK,
    input BYPASS,
    input RESETB,
    input LATCHINPUTVALUE,
    output SDO,
    input SDI,
    input SCLK
);
    parameter FEEDBACK_PATH = "SIMPLE";
    parameter DELAY_ADJUSTMENT_MODE_FEEDBACK = "FIXED";
    parameter DELAY_ADJUSTMENT_MODE_RELATIVE = "FIXED";
    parameter SHIFTREG_DIV_MODE = 1'b0;
    parameter FDA_FEEDBACK = 4'b0000;
    parameter FDA_RELATIVE = 4'b0000;
    parameter PLLOUT_SELECT = "GENCLK";
    parameter DIVR = 4'b0000;
    parameter DIVF = 7'b0000000;
    parameter DIVQ = 3'b000;
    parameter FILTER_RANGE = 3'b000;
    parameter ENABLE_ICEGATE = 1'b0;
    parameter TEST_MODE = 1'b0;
    parameter EXTERNAL_DIVIDE_FACTOR = 1;

    reg [3:0] cycles = 0;
    always @(posedge PACKAGEPIN)
        if (!RESETB) cycles <= 0;
        else if (!LOCK) cycles <= cycles + 1;

    assign LOCK = &cycles;
    assign PLLOUTGLOBAL = PACKAGEPIN;
    assign PLLOUTCORE = PACKAGEPIN;
    assign SDO = 0;
endmodule

module SB_PLL40_CORE (
    input REFERENCECLK,
    output PLLOUTCORE,
    output PLLOUTGLOBAL,
    input EXTFEEDBACK,
    input [7:0] DYNAMICDELAY,
    output LOCK,
    input BYPASS,
    input RESETB,
    input LATCHINPUTVALUE,
    output SDO,
    input SDI,
    input SCLK
);
    parameter FEEDBACK_PATH = "SIMPLE";
    parameter DELAY_ADJUSTMENT_MODE_FEEDBACK = "FIXED";
    parameter DELAY_ADJUSTMENT_MODE_RELATIVE = "FIXED";
    parameter SHIFTREG_DIV_MODE = 1'b0;
    parameter FDA_FEEDBACK = 4'b0000;
    parameter FDA_RELATIVE = 4'b0000;
    parameter PLLOUT_SELECT = "GENCLK";
    parameter DIVR = 4'b0000;
    parameter DIVF = 7'b0000000;
    parameter DIVQ = 3'b000;
    parameter FILTER_RANGE = 3'b000;
    parameter ENABLE_ICEGATE = 1'b0;
    parameter TEST_MODE = 1'b0;
    parameter EXTERNAL_DIVIDE_FACTOR = 1;

    reg [3:0] cycles = 0;
    always @(posedge REFERENCECLK)
        if (!RESETB) cycles <= 0;
        else if (!LOCK) cycles <= cycles + 1;

    assign LOCK = &cycles;
    assign PLLOUTGLOBAL = REFERENCECLK;
    assign PLLOUTCORE = REFERENCECLK;
    assign SDO = 0;
endmodule
